"""Unseen cases: all folds on every case of a data set that was only converted."""

import json

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.held_out import held_out_cases
from hnseg_training.calibration.unseen_cases import unseen_cases

SMALL = Sampling(most=50)


def test_every_case_comes_once_with_the_logits_of_all_folds(unseen, bundle):
    splits = json.loads((unseen.preprocessed / "splits_final.json").read_text())
    cases = list(unseen_cases(unseen, bundle, SMALL, device="cpu"))
    assert [(case.name, case.part) for case in cases] == [
        (name, f"part {part}") for part, split in enumerate(splits) for name in split["val"]
    ]
    assert all(case.voxels.band.logits.shape == (50, 2, 3) for case in cases)
    logits = cases[0].voxels.everywhere.logits
    assert np.abs(logits[:, 0] - logits[:, 1]).max() > 0


def test_a_work_folder_of_a_training_is_refused(trained, bundle):
    assert next(iter(held_out_cases(trained, bundle, SMALL, folds=None, device="cpu")))
    with pytest.raises(InputError, match=r"no fold was trained on, but .* has trained folds .* taken by --work"):
        next(iter(unseen_cases(trained, bundle, SMALL, device="cpu")))
