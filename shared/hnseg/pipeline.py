"""What every case passes through, whatever the challenge. Read this first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ValidationError

from hnseg.errors import ModelError, StoppedWithOutputError
from hnseg.inference.model.manifest import METHOD_FILE, sha256_of
from hnseg.inference.planning.deadline import FULL_EFFORT
from hnseg.platform.answers import NO_ANSWERS
from hnseg.platform.reading import read_case
from hnseg.platform.writing import write_output
from hnseg.provenance import Provenance

if TYPE_CHECKING:
    from pathlib import Path

    import SimpleITK as sitk

    from hnseg.inference.ensemble import Ensemble
    from hnseg.inference.model.bundle import Bundle
    from hnseg.inference.planning.deadline import Deadline, Effort
    from hnseg.inference.prediction import Prediction, Run
    from hnseg.platform.case import Case
    from hnseg.platform.challenge import AnsweringMethod, Challenge, Method


def run_case(  # noqa: PLR0913 (what a case is, and what it may take)
    challenge: Challenge,
    ensemble: Ensemble,
    *,
    input_dir: Path,
    output_dir: Path,
    deadline: Deadline,
    effort: Effort = FULL_EFFORT,
    story: Provenance,
) -> None:
    """Segment one case, from the mounted sockets to checked output files.

    Args:
        challenge: Its sockets and labels, and the functions of its method.
        ensemble: The trained folds, loaded.
        input_dir: Holds the input sockets' folders and files.
        output_dir: Receives the output sockets' folders and files: all of them, or none. Where a case takes long, first
            those of a first look, which the final ones replace.
        deadline: When the case must have ended.
        effort: The most that may be done.
        story: Collects what each step did, took and gave up.

    Raises:
        InputError: The case breaks what the challenge promises.
        ModelError: The ensemble doesn't fit the challenge's method.
        OutputError: The label map or an answer can't be written or would not be accepted.
        DeadlineError: The time ran out.
        StoppedWithOutputError: A signal stopped it, and the best label map so far was written.
    """
    spec, method = challenge.spec, challenge.method
    settings = _settings(method, ensemble.bundle)
    story.record(settings=settings.model_dump(mode="json"))
    with story.step("read"):
        case = read_case(spec, input_dir)
        story.record(inputs_sha256={slug: sha256_of(path) for slug, path in case.files.items()})
    with story.step("prepare"):
        channels = method.prepare(case, settings)
        story.record(**channels.record)
        story.note(*channels.notes)
    desk = _Desk(challenge, case, settings, output_dir)
    run: Run | None = None
    try:
        with story.step("predict"):
            run = ensemble.start(channels, deadline, effort=effort)
            del channels  # as large as the image times its channels: gone before the networks run
            predicted = run.predict(show=partial(desk.hand_in, story=Provenance()))
            story.record(**ensemble.record)
        desk.finish(predicted, story)
    except SystemExit as stop:
        if run is None or not run.is_complete:
            raise
        desk.finish(run.so_far(), story)
        raise StoppedWithOutputError(stop.code) from stop


@dataclass(frozen=True)
class _Desk:
    """Where a case's label map is handed in, once or, a better one later, twice."""

    challenge: Challenge
    case: Case
    settings: BaseModel
    output_dir: Path

    def finish(self, predicted: Prediction, story: Provenance) -> None:
        """Tell the story of a prediction, and hand its label map in."""
        story.record(**predicted.record)
        story.note(*predicted.notes)
        self.hand_in(predicted.label_map, story)

    def hand_in(self, label_map: sitk.Image, story: Provenance) -> None:
        """Write the outputs that a predicted label map leads to."""
        spec, method = self.challenge.spec, self.challenge.method
        with story.step("finish"):
            label_map = method.finish(label_map, self.case, self.settings)
        answers = NO_ANSWERS
        if spec.answers:
            with story.step("answer"):
                answers = cast("AnsweringMethod", method).answer(label_map, self.case, self.settings)
                story.record(**answers.record)
                story.note(*answers.notes)
        with story.step("write"):
            write_output(spec, label_map, self.case, self.output_dir, answers=answers)


def _settings(method: Method, bundle: Bundle) -> BaseModel:
    """Return the method's settings that the model was trained with."""
    try:
        return method.Settings.model_validate(bundle.settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ModelError(
            f"{bundle.folder / METHOD_FILE} must hold the settings of this challenge's method, but"
            f" {' > '.join(map(str, first['loc']))}: {first['msg']}. Was the model made for another challenge?"
        ) from error
