import json
import logging
from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.fitting.preset import PRESETS
from hnseg_training.fitting.selection.best_fold import best_fold

PAPER = PRESETS["recurrence-paper"]


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    """Return a work folder of three folds without a training."""
    work = WorkFolder.create(tmp_path, challenge="recurrence", dataset_id=508)
    write_json(work.preprocessed / "splits_final.json", [{"train": ["ann"], "val": ["ben", "cid"]}] * 3)
    return work


def write_record(work: WorkFolder, fold: int, dice: float, cases: tuple[str, ...] = ("ben", "cid")) -> Path:
    folder = work.results(PAPER.result_name) / f"fold_{fold}"
    folder.mkdir(parents=True)
    measured = {case: {"recurrence": dice} for case in cases}
    write_json(
        folder / "selection.json", {"best_epoch": 1, "dice": dice, "cases": measured, "epochs": 2, "ended": "epochs"}
    )
    return folder


def test_the_highest_dice_is_chosen_and_all_are_told(work, caplog):
    caplog.set_level(logging.INFO)
    for fold, dice in enumerate([0.2, 0.54321, 0.3]):
        write_record(work, fold, dice)
    best = best_fold(work, PAPER)
    assert best.fold == 1
    assert best.metrics() == {
        "validation DSC, run 0": 0.2,
        "validation DSC, run 1 (chosen)": 0.5432,
        "validation DSC, run 2": 0.3,
    }
    assert "fold 1 is the best of 3, by a validation DSC of 0.200, 0.543, 0.300" in caplog.text


def test_a_fold_without_a_record_is_refused(work):
    write_record(work, 1, 0.5)
    with pytest.raises(InputError, match=r"every fold has a selection\.json, but in .* there is none of fold 0, 2\."):
        best_fold(work, PAPER)


def test_folds_that_validate_on_other_cases_are_refused(work):
    write_record(work, 0, 0.2)
    write_record(work, 1, 0.5)
    write_record(work, 2, 0.4, cases=("ann", "ben"))
    with pytest.raises(InputError, match=r"those of fold 2 are not those of fold 0\. Are they folds of a cross-valid"):
        best_fold(work, PAPER)


def test_of_equals_the_first_is_chosen(work):
    for fold in range(3):
        write_record(work, fold, 0.25)
    assert best_fold(work, PAPER).fold == 0


def test_real_trainings_have_records(selected):
    folder = selected.results("nnUNetTrainerVanillaAdam__tinyRecurrencePaperPlans__3d_fullres")
    assert json.loads((folder / "fold_1" / "selection.json").read_text())["epochs"] == 2
