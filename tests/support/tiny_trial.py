"""A trial on tiny patients, as short as one can be, and what it must leave."""

from __future__ import annotations

from pathlib import Path

from hnseg.discovery import challenge_module
from hnseg.rehearsal.results import Rehearsal
from hnseg_training.trial.outcome import NOT_FOR_USE, summary_of
from hnseg_training.trial.trial import Extent, run_trial

CONTAINERS = Path(__file__).parents[2] / "containers"


def tried(challenge: str, source: Path, output: Path) -> Rehearsal:
    """Run a trial with a fit of an epoch of few batches, and return its rehearsal, which passed."""
    trial = challenge_module("hnseg_training.challenges", challenge, "trial").TRIAL
    extent = Extent(patients=5, minutes=0.01, engine="process", container_dir=CONTAINERS / challenge)
    assert run_trial(trial, source, output, extent)
    assert {path.name for path in output.iterdir()} == {"data", "work", "model", "model.tar.gz", "cases", "report"}
    rehearsal = Rehearsal.model_validate_json((output / "report" / "rehearsal.json").read_text())
    assert len(rehearsal.cases) == 2
    assert all(case.structures for case in rehearsal.cases)
    summary = "\n".join(summary_of(output, ["hnseg-train fit"]))
    assert all(f"{case.name}: mean DSC " in summary for case in rehearsal.cases)
    assert all(words in summary for words in (NOT_FOR_USE, str(output / "model.tar.gz"), rehearsal.verdict))
    return rehearsal
