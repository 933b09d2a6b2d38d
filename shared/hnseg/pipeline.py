"""What every case passes through, whatever the challenge. Read this first."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, cast

from pydantic import BaseModel, ValidationError

from hnseg.errors import ModelError
from hnseg.inference.manifest import METHOD_FILE, sha256_of
from hnseg.platform.answers import NO_ANSWERS, Answers
from hnseg.platform.reading import read_case
from hnseg.platform.writing import write_output

if TYPE_CHECKING:
    from pathlib import Path

    import SimpleITK as sitk

    from hnseg.inference.budget import Deadline
    from hnseg.inference.bundle import Bundle
    from hnseg.inference.ensemble import Ensemble
    from hnseg.platform.case import Case
    from hnseg.platform.challenge import AnsweringMethod, Challenge, Method
    from hnseg.provenance import Provenance


def run_case(
    challenge: Challenge,
    ensemble: Ensemble,
    *,
    input_dir: Path,
    output_dir: Path,
    deadline: Deadline,
    story: Provenance,
) -> None:
    """Segment one case, from the mounted sockets to checked output files.

    Args:
        challenge: Its sockets and labels, and the functions of its method.
        ensemble: The trained folds, loaded.
        input_dir: Holds the input sockets' folders and files.
        output_dir: Receives the output sockets' folders and files: all of them, or none.
        deadline: When the case must have ended.
        story: Collects what each step did, took and gave up.

    Raises:
        InputError: The case breaks what the challenge promises.
        ModelError: The ensemble doesn't fit the challenge's method.
        OutputError: The label map or an answer can't be written or would not be accepted.
        DeadlineError: The time ran out.
    """
    spec, method = challenge.spec, challenge.method
    settings = _settings(method, ensemble.bundle)
    story.record(settings=settings.model_dump(mode="json"))
    with story.stage("read"):
        case = read_case(spec, input_dir)
        story.record(inputs_sha256={slug: sha256_of(path) for slug, path in case.files.items()})
    with story.stage("prepare"):
        channels = method.prepare(case, settings)
        story.record(**channels.record)
        story.note(*channels.notes)
    with story.stage("predict"):
        run = ensemble.start(channels, deadline)
        del channels  # as large as the image times its channels: gone before the networks run
        predicted = run.predict()
        story.record(**ensemble.record, effort=asdict(predicted.effort_spent), predict_s=predicted.seconds)
        story.note(*predicted.notes)
    with story.stage("finish"):
        label_map = method.finish(predicted.label_map, case, settings)
    answers = NO_ANSWERS
    if spec.answers:
        with story.stage("answer"):
            answers = _answers(method, label_map, case, settings, story)
    with story.stage("write"):
        write_output(spec, label_map, case, output_dir, answers=answers)


def _answers(
    method: Method | AnsweringMethod, label_map: sitk.Image, case: Case, settings: BaseModel, story: Provenance
) -> Answers:
    """Return the method's answers, and tell the story how they came about."""
    answers = cast("AnsweringMethod", method).answer(label_map, case, settings)
    story.record(**answers.record)
    story.note(*answers.notes)
    return answers


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
