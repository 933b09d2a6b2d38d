"""What every case passes through, whatever the challenge. Read this first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hnseg.platform.reading import read_case
from hnseg.platform.writing import write_output

if TYPE_CHECKING:
    from pathlib import Path

    from hnseg.inference.budget import Deadline
    from hnseg.inference.ensemble import Ensemble
    from hnseg.platform.challenge import Challenge
    from hnseg.provenance import Provenance


def run_case(
    challenge: Challenge, ensemble: Ensemble, *, input_dir: Path, output_dir: Path, deadline: Deadline, story: Provenance
) -> None:
    """Segment one case, from the mounted sockets to a checked output file.

    Args:
        challenge: Its sockets and labels, and the two functions of its method.
        ensemble: The trained folds, loaded.
        input_dir: Holds the input sockets' folders.
        output_dir: Receives the output socket's folder.
        deadline: When the case must have ended.
        story: Collects what each step did, took and gave up.

    Raises:
        InputError: The case breaks what the challenge promises.
        ModelError: The ensemble doesn't fit the method's channels.
        OutputError: The label map can't be written or would not be accepted.
        DeadlineError: The time ran out.
    """
    spec, method = challenge.spec, challenge.method
    settings = method.Settings.model_validate(ensemble.bundle.settings)
    with story.stage("read"):
        case = read_case(spec, input_dir)
    with story.stage("prepare"):
        channels = method.prepare(case, settings)
    with story.stage("predict"):
        logits = ensemble.predict(channels, deadline)
    with story.stage("label map"):
        label_map = method.finish(logits.to_label_map(), case, settings)
    with story.stage("write"):
        write_output(spec, label_map, case, output_dir)
