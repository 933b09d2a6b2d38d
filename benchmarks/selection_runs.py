"""Validation Dice of the trained folds of a work folder, as their trainings recorded it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hnseg.inference.model.weights import checkpoint_content
from hnseg_training.dataset.conversion.conversion import CONVERSION_FILE
from hnseg_training.dataset.splits import SPLITS_FILE
from hnseg_training.dataset.work_folder import WorkFolder, read_json
from hnseg_training.fitting.plan import planned_preset
from hnseg_training.fitting.preset import Preset
from hnseg_training.fitting.selection.record import read_selection

LABEL = "1"
WHOLE, PATCHES = "whole patients", "patches"


@dataclass(frozen=True)
class Run:
    """Validation of one trained fold.

    Attributes:
        best_epoch: Epoch with the highest validation Dice, counted from 1.
        best_dice: Dice at that epoch.
        best_on: Whether that is the mean over whole patients, or what nnU-Net counts over random patches of all of
            them together.
        late_dice: Mean of the same over the last tenth of the epochs.
        dice: Dice of the final weights by validated patient; NaN where there is nothing to find and nothing was found.
    """

    best_epoch: int
    best_dice: float
    best_on: str
    late_dice: float
    dice: Mapping[str, float]


@dataclass(frozen=True)
class Trained:
    """Work folder with trained folds.

    Attributes:
        work: The work folder.
        preset: Preset that was trained.
        splits: Folds.
        record: Record of the conversion.
        runs: Validation of each fold.
    """

    work: WorkFolder
    preset: Preset
    splits: list[dict[str, list[str]]]
    record: Mapping[str, Any]
    runs: list[Run]

    @classmethod
    def opened(cls, folder: Path, preset: str | None) -> Trained:
        """Return the trained folds of a work folder."""
        work = WorkFolder.open(folder, challenge="recurrence")
        planned = planned_preset(work, preset)
        splits = read_json(work.preprocessed / SPLITS_FILE)
        folders = [work.results(planned.result_name) / f"fold_{fold}" for fold in range(len(splits))]
        record = read_json(work.raw / CONVERSION_FILE, having=("seed", "split", "test"))
        return cls(work, planned, splits, record, [run_in(folder) for folder in folders])

    @property
    def test(self) -> list[str]:
        """Names of the patients kept for the test."""
        return list(self.record["test"])

    @property
    def chosen(self) -> int:
        """Number of the run with the highest validation Dice, the first of several."""
        return int(np.argmax([run.best_dice for run in self.runs]))


def run_in(folder: Path) -> Run:
    """Return the validation of the fold of a folder."""
    summary = folder / "validation" / "summary.json"
    if not summary.is_file():
        sys.exit(f"{summary} is missing: train with hnseg-train fit --validate, or add it with --resume --validate.")
    cases = read_json(summary)["metric_per_case"]
    dice = {Path(case["prediction_file"]).name.split(".")[0]: float(case["metrics"][LABEL]["Dice"]) for case in cases}
    log = checkpoint_content(folder / "checkpoint_final.pth")["logging"]["mean_fg_dice"]
    by_epoch = np.array(log, np.float64)
    late = float(np.nanmean(by_epoch[-max(1, len(by_epoch) // 10) :]))
    if selection := read_selection(folder):  # of a training that measures whole patients and keeps the best epoch
        return Run(selection.best_epoch, selection.dice, WHOLE, late, dice)
    best = int(np.nanargmax(by_epoch))
    return Run(best + 1, float(by_epoch[best]), PATCHES, late, dice)
