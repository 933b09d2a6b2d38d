"""Score HNTS-MRG ensembles on cases they never saw, beside copying the registered pre-RT mask.

    hnseg phantom hnts_mrg --cases 24 --seed 9000 --output held_out
    python benchmarks/held_out.py held_out "five folds"=test_data/hnts_mrg/model

Each case goes through the whole pipeline, as in the container; the table is markdown.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from hnseg.evaluation.report import ScoreReport
from hnseg.evaluation.scoring import score_folder
from hnseg.inference.budget import Deadline
from hnseg.inference.bundle import open_bundle
from hnseg.inference.ensemble import load_ensemble
from hnseg.pipeline import run_case
from hnseg.platform.challenge import load_challenge
from hnseg.provenance import Provenance

CHALLENGE = load_challenge(Path(__file__).parents[1] / "containers/hnts_mrg")
PRIOR = CHALLENGE.spec.input("registered-pre-rt-head-neck-segmentation").relative_path
OUTPUT = CHALLENGE.spec.output.relative_path


def main() -> int:
    """Print a row for the copied prior and one for each NAME=MODEL_DIR."""
    cases = sorted(Path(sys.argv[1]).glob("case_*"))
    models = dict(argument.split("=", 1) for argument in sys.argv[2:])
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        references = collect(cases, f"expected/{OUTPUT}", work / "references")
        rows = {"copy of the registered mask": collect(cases, f"input/{PRIOR}", work / "copy")}
        for name, model in models.items():
            rows[name] = segment(cases, Path(model), work / name)
        print(f"| {len(cases)} held-out cases | DSCagg GTVp | DSCagg GTVn | mean |\n|---|---|---|---|")
        for name, predictions in rows.items():
            print(row(name, score_folder("hnts_mrg", predictions, references)))
    return 0


def collect(cases: list[Path], inside: str, target: Path) -> Path:
    """Copy the one image that each case holds in a folder to `target`, named by its case."""
    target.mkdir()
    for case in cases:
        (image,) = (case / inside).iterdir()
        shutil.copy(image, target / f"{case.name}.mha")
    return target


def segment(cases: list[Path], model: Path, target: Path) -> Path:
    """Run the pipeline on each case and gather the label maps in `target`."""
    ensemble = load_ensemble(open_bundle(model))
    target.mkdir()
    for case in cases:
        with tempfile.TemporaryDirectory() as output:
            run_case(
                CHALLENGE,
                ensemble,
                input_dir=case / "input",
                output_dir=Path(output),
                deadline=Deadline.never(),
                story=Provenance(),
            )
            (image,) = (Path(output) / OUTPUT).iterdir()
            shutil.move(image, target / f"{case.name}.mha")
        print(f"{case.name} done", file=sys.stderr)
    return target


def row(name: str, report: ScoreReport) -> str:
    """Return a line of the table."""
    gtvp, gtvn = (report.structures[name]["aggregated_dsc"] for name in ("GTVp", "GTVn"))
    return f"| {name} | {gtvp:.3f} | {gtvn:.3f} | {report.score:.3f} |"


if __name__ == "__main__":
    sys.exit(main())
