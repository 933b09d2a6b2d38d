"""Best of several trainings on the same split: the one with the highest validation Dice."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from hnseg.errors import InputError
from hnseg_training.dataset.splits import fold_count
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.preset import Preset
from hnseg_training.fitting.selection.record import SELECTION_FILE, Selection, read_selection

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BestFold:
    """Fold with the highest validation Dice among folds that validate on the same cases.

    Attributes:
        fold: Number of the fold; of several with the same Dice the first.
        dice: Mean validation Dice of every fold at its best epoch, by number.
    """

    fold: int
    dice: Mapping[int, float]

    def metrics(self) -> dict[str, float]:
        """Return the Dice of every fold for a bundle's manifest.

        >>> BestFold(1, {0: 0.25, 1: 0.5}).metrics()
        {'validation DSC, run 0': 0.25, 'validation DSC, run 1 (chosen)': 0.5}
        """
        return {
            f"validation DSC, run {fold}{' (chosen)' if fold == self.fold else ''}": round(dice, 4)
            for fold, dice in self.dice.items()
        }


def best_fold(work: WorkFolder, preset: Preset) -> BestFold:
    """Return the best fold of a training, and log it with all values.

    Args:
        work: Work folder in which all folds are trained on the same split.
        preset: Preset that was trained, with patience.

    Raises:
        InputError: A fold has no record of its best epoch, or the folds validate on different cases.
    """
    records = _records(work, preset)
    _check_same_cases(records)
    dice = {fold: record.dice for fold, record in records.items()}
    best = max(dice, key=lambda fold: dice[fold])
    values = ", ".join(f"{value:.3f}" for value in dice.values())
    logger.info("fold %d is the best of %d, by a validation DSC of %s", best, len(dice), values)
    return BestFold(best, dice)


def _records(work: WorkFolder, preset: Preset) -> dict[int, Selection]:
    """Return the record of each fold by number."""
    results = work.results(preset.result_name)
    found = {fold: read_selection(results / f"fold_{fold}") for fold in range(fold_count(work))}
    if missing := [fold for fold, record in found.items() if record is None]:
        raise InputError(
            f"The best fold is known where every fold has a {SELECTION_FILE}, but in {results} there is none of fold"
            f" {', '.join(map(str, missing))}. Is a fold not trained, or does the preset keep the last epoch? Only"
            " those with patience, such as recurrence-paper, choose the best one."
        )
    return {fold: record for fold, record in found.items() if record is not None}


def _check_same_cases(records: Mapping[int, Selection]) -> None:
    """Refuse folds whose Dice is that of other cases."""
    first, *others = records
    for fold in others:
        if records[fold].cases.keys() != records[first].cases.keys():
            raise InputError(
                f"The best of several folds must be chosen by the same validation cases, but those of fold {fold} are"
                f" not those of fold {first}. Are they folds of a cross-validation? Export all of them, or convert with"
                " one --split and several --runs."
            )
