"""Record of a training's augmentation, in its result folder: all its folds and stages are augmented alike."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.records import first_problem
from hnseg_training.dataset.augmentation import AUGMENTATION_FILE, Augmentation, Perturbations
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.fitting.preset import Preset


def augmentation_of(work: WorkFolder, preset: Preset) -> Augmentation:
    """Return the augmentation of a training: the recorded one, or that of the data set where none is recorded.

    It is nnU-Net's own where the conversion of the data set wrote no file either.

    Args:
        work: Work folder in which the preset is planned.
        preset: Preset that is trained.
    """
    for file in (work.results(preset.result_name) / AUGMENTATION_FILE, work.raw / AUGMENTATION_FILE):
        if file.is_file():
            return _read(file)
    return Augmentation()


def _read(file: Path) -> Augmentation:
    try:
        return Augmentation.model_validate_json(file.read_bytes())
    except ValidationError as error:
        raise InputError(
            f"{file} must be the augmentation of a training, but {first_problem(error, Augmentation)}. Was it edited?"
        ) from error


def asked_augmentation(work: WorkFolder, preset: Preset, perturbations: Perturbations | None) -> Augmentation:
    """Return the augmentation of a training as it is asked for, that of a further fold as the first one's.

    Args:
        work: Work folder in which the preset is planned.
        preset: Preset to train.
        perturbations: Perturbations that were asked for; None keeps those of folds that are there, and is none where
            there is no fold.

    Raises:
        InputError: Other perturbations were asked for than those of folds that are there.
    """
    results = work.results(preset.result_name)
    recorded = augmentation_of(work, preset)
    if any(results.glob("fold_*/checkpoint_*.pth")):
        if perturbations not in {None, recorded.perturbations}:
            raise InputError(
                f"All folds in {results} must be augmented alike, but those that are there were trained with"
                f" {_in_words(recorded.perturbations)}, and now {_in_words(perturbations)} was asked for."
                " Train them in another work folder, or leave --augment out."
            )
        return recorded
    return recorded.model_copy(update={"perturbations": perturbations})


def record_augmentation(work: WorkFolder, preset: Preset, augmentation: Augmentation) -> None:
    """Write the augmentation of a training beside its folds.

    Args:
        work: Work folder in which the preset is planned.
        preset: Preset to train.
        augmentation: What `asked_augmentation` returned.
    """
    results = work.results(preset.result_name)
    results.mkdir(parents=True, exist_ok=True)
    write_json(results / AUGMENTATION_FILE, augmentation.model_dump(mode="json"))


def _in_words(perturbations: Perturbations | None) -> str:
    """Return perturbations as in a sentence."""
    if perturbations is None:
        return "no perturbations"
    return f"{','.join(perturbations.kinds)} in {perturbations.probability:g} of the patches"
