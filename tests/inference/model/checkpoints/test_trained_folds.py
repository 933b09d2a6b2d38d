"""Checkpoints of the folds of a result folder: which are taken, and what is said."""

import pytest

from hnseg.errors import ModelError
from hnseg.inference.model.checkpoints.trained_folds import find_trained_folds


@pytest.fixture
def folder(tmp_path):
    """Return a folder with the final checkpoint in fold 0, the best in 0, 1 and 2, and the latest in 2."""
    for fold, kinds in {"0": ("final", "best"), "1": ("best",), "2": ("best", "latest"), "x": ("final",)}.items():
        (tmp_path / f"fold_{fold}").mkdir()
        for kind in kinds:
            (tmp_path / f"fold_{fold}" / f"checkpoint_{kind}.pth").touch()
    return tmp_path


def taken(found):
    return {fold: path.stem.removeprefix("checkpoint_") for fold, path in found.files.items()}


def test_a_fold_without_a_final_checkpoint_takes_its_best_with_a_note(folder):
    found = find_trained_folds(folder, None, "auto")
    assert taken(found) == {0: "final", 1: "best", 2: "best"}
    assert found.notes == ("Folds 1 and 2 have no checkpoint_final.pth, so that checkpoint_best.pth was taken.",)


def test_one_such_fold_is_named(folder):
    found = find_trained_folds(folder, [0, 1], "auto")
    assert found.notes == ("Fold 1 has no checkpoint_final.pth, so that checkpoint_best.pth was taken.",)


def test_nothing_is_said_of_final_checkpoints(folder):
    assert find_trained_folds(folder, [0], "auto").notes == ()


@pytest.mark.parametrize(("checkpoint", "folds"), [("final", {0}), ("best", {0, 1, 2}), ("latest", {2})])
def test_a_checkpoint_that_is_asked_for_is_that_of_every_fold(folder, checkpoint, folds):
    found = find_trained_folds(folder, None, checkpoint)
    assert taken(found) == dict.fromkeys(sorted(folds), checkpoint)
    assert found.notes == ()


def test_a_fold_without_the_checkpoint_that_is_asked_for_is_named(folder):
    with pytest.raises(ModelError, match=r"there as fold_<k>/checkpoint_latest.pth, but 0, 1 is missing in .*, which"):
        find_trained_folds(folder, [0, 1, 2], "latest")


def test_a_folder_without_a_trained_fold_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"fold_<k>/checkpoint_final.pth or checkpoint_best.pth, but .* holds none"):
        find_trained_folds(tmp_path, None, "auto")
