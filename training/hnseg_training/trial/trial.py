"""Trial of a challenge: convert, plan, a fit of minutes, export and rehearsal of a few patients."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.errors import InputError, OutputError
from hnseg.platform.spec import ChallengeSpec
from hnseg_training.dataset.splits import SPLITS_FILE
from hnseg_training.dataset.work_folder import WorkFolder, read_json
from hnseg_training.fitting.expected.training_need import VALIDATION_SHARE, TrainingNeed, read_need
from hnseg_training.fitting.preset import Preset, preset_named
from hnseg_training.fitting.stages import in_stages
from hnseg_training.trial.choice import chosen_patients
from hnseg_training.trial.layout import Layout, TrialPatient
from hnseg_training.trial.outcome import summary_of
from hnseg_training.trial.step import Step, run_step
from hnseg_training.trial.trial_data import link_patients, write_cases

logger = logging.getLogger(__name__)

REHEARSED = 2
"""Patients that are rehearsed, of those that were trained on."""
AUGMENTED = 1.5
"""Time of a batch with its augmentation, in that of the batch alone: on a processor the same process does both."""


@dataclass(frozen=True)
class Challenge:
    """Challenge as a trial knows it.

    Attributes:
        name: Name of its folder under containers/.
        spec: Sockets and labels of its container.
        layout: Names of the files in the public data.
        preset: Preset of the trial, which trains in minutes.
        full_preset: Preset of the long training.
        convert_options: Options of `convert`, both here and for the long training.
        rehearse_options: Options of the trial's rehearsal.
        further: Commands of the long training between fit and export, without program and challenge.
    """

    name: str
    spec: ChallengeSpec
    layout: Layout
    preset: str
    full_preset: str = "resenc-m"
    convert_options: tuple[str, ...] = ()
    rehearse_options: tuple[str, ...] = ()
    further: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Extent:
    """Extent of a trial.

    Attributes:
        patients: Number of patients.
        minutes: Minutes that the fit may take, roughly.
        engine: Engine of the rehearsal; process for none.
        container_dir: Folder of the challenge's container.
    """

    patients: int
    minutes: float
    engine: str
    container_dir: Path


def run_trial(challenge: Challenge, source: Path, output: Path, extent: Extent) -> bool:
    """Run all steps on the smallest patients, and say what was made.

    Args:
        challenge: Challenge to try.
        source: Data in its public layout.
        output: Folder of everything that is made; must be empty or not exist.
        extent: Patients, minutes and engine.

    Returns:
        Whether the rehearsal passed.

    Raises:
        InputError: There are too few patients, or a step failed.
        OutputError: The folder holds something, or can't be written to.
    """
    _check_empty(output)
    patients = chosen_patients(source, challenge.layout, challenge.spec.output.labels, count=extent.patients)
    logger.info("the %d smallest patients with the most structures: %s", len(patients), _names(patients))
    link_patients(patients, source, output / "data")
    steps = _Steps(challenge, output, extent)
    steps.run(steps.convert())
    steps.run(steps.plan())
    work = WorkFolder.open(output / "work", challenge=challenge.name)
    preset = preset_named(challenge.preset)
    steps.run(steps.fit(read_need(work, preset), preset))
    steps.run(steps.export())
    trained = _trained_in_first_fold(patients, work)
    cases = write_cases(trained[:REHEARSED], work, challenge.spec, output / "cases")
    passed = steps.run(steps.rehearse(cases), accepted=(0, 1)) == 0
    for line in summary_of(output, long_training(challenge, source)):
        logger.info(line)
    return passed


def long_training(challenge: Challenge, source: Path) -> Iterator[str]:
    """Yield the commands of the long training on all patients."""
    name, preset = challenge.name, challenge.full_preset
    yield Step("", ("hnseg-train", "convert", name, str(source), *challenge.convert_options, "--output", "work")).text
    yield f"hnseg-train plan {name} --work work --preset {preset}"
    yield f"hnseg-train fit {name} --work work"
    yield from (Step("", ("hnseg-train", each[0], name, *each[1:])).text for each in challenge.further)
    yield f'hnseg-train export {name} --work work --output model --name "..." --licence "..."'
    yield f"hnseg rehearse containers/{name} --model model.tar.gz --report report"


def fit_length(need: TrainingNeed, preset: Preset, *, minutes: float) -> tuple[int, int]:
    """Return the epochs, and the batches an epoch, of each stage of a training that takes some minutes.

    Args:
        need: Need of the preset; without a measured time the preset's own length is taken.
        preset: Preset to train, with batches an epoch.
        minutes: Minutes that all stages together may take, roughly.
    """
    trainings = [each.training for each in in_stages(preset, None)]
    epochs, batches = min(each.epochs for each in trainings), min(each.iterations or 1 for each in trainings)
    if need.batch_s is None:
        return epochs, batches
    affordable = int(minutes * 60 / (need.batch_s * AUGMENTED * VALIDATION_SHARE) / len(trainings))
    return min(epochs, max(1, affordable // batches)), min(batches, max(1, affordable))


class _Steps:
    """Steps of a trial, each a command that its user could type."""

    def __init__(self, challenge: Challenge, output: Path, extent: Extent) -> None:
        self._challenge, self._output, self._extent = challenge, output, extent
        self._done = 0

    def run(self, step: Step, **accepted: Any) -> int:
        """Run a step as the next one, and return its status."""
        self._done += 1
        return run_step(step, number=self._done, of=5, **accepted)

    def _train(self, does: str, verb: str, *arguments: object) -> Step:
        return Step(does, ("hnseg-train", verb, self._challenge.name, *map(str, arguments)))

    def convert(self) -> Step:
        """Return the conversion of the few patients."""
        options = self._challenge.convert_options
        does = "reads the public layout and computes the channels that the container computes"
        return self._train(does, "convert", self._output / "data", *options, "--output", self._output / "work")

    def plan(self) -> Step:
        """Return the plan by the challenge's small preset."""
        does = "measures the data, plans, and resamples each case"
        return self._train(does, "plan", "--work", self._output / "work", "--preset", self._challenge.preset)

    def fit(self, need: TrainingNeed, preset: Preset) -> Step:
        """Return the training of the first fold, as long as the minutes allow."""
        epochs, batches = fit_length(need, preset, minutes=self._extent.minutes)
        length = ("--epochs", epochs, "--iterations", batches)
        return self._train("trains one fold", "fit", "--work", self._output / "work", "--folds", 0, *length)

    def export(self) -> Step:
        """Return the export of that fold."""
        options = ("--folds", 0, "--output", self._output / "model", "--name", f"{self._challenge.name}, a trial")
        return self._train("writes the bundle and its archive", "export", "--work", self._output / "work", *options)

    def rehearse(self, cases: Sequence[Path]) -> Step:
        """Return the rehearsal of the bundle on cases that it was trained on."""
        engine = ("--engine", self._extent.engine, *self._challenge.rehearse_options)
        named = [word for case in cases for word in ("--case", str(case))]
        where = ("--model", str(self._output / "model.tar.gz"), "--report", str(self._output / "report"))
        does = "runs the container on two of the patients as the platform would"
        return Step(does, ("hnseg", "rehearse", str(self._extent.container_dir), *where, *named, *engine))


def _check_empty(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise OutputError(
            f"A trial must have a new folder, but {output} is there already. Remove it, or name another with --output."
        )


def _names(patients: Sequence[TrialPatient]) -> str:
    return ", ".join(patient.name for patient in patients)


def _trained_in_first_fold(patients: Sequence[TrialPatient], work: WorkFolder) -> list[TrialPatient]:
    """Return the patients that fold 0 is trained on, the smallest first."""
    splits: list[Mapping[str, list[str]]] = read_json(work.preprocessed / SPLITS_FILE)
    trained = [patient for patient in patients if patient.name in splits[0]["train"]]
    if not trained:
        raise InputError(
            f"Fold 0 must be trained on some of the patients {_names(patients)}, but {work.preprocessed / SPLITS_FILE}"
            " names none of them. Were samples renamed?"
        )
    return trained
