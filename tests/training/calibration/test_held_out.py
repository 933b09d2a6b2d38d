"""Held-out cases: each fold's own network on its validation cases, and the models that have none."""

import json
import shutil

import pytest

from hnseg.errors import InputError, ModelError
from hnseg_training.calibration.case_voxels import Sampling
from hnseg_training.calibration.held_out import held_out_cases
from hnseg_training.dataset.work_folder import WorkFolder

SMALL = Sampling(most=50)


def test_every_folds_validation_cases_come_with_its_number(trained, bundle):
    splits = json.loads((trained.preprocessed / "splits_final.json").read_text())
    cases = list(held_out_cases(trained, bundle, SMALL, folds=None, device="cpu"))
    assert [(case.name, case.part) for case in cases] == [
        (name, f"fold {fold}") for fold in (0, 3) for name in splits[fold]["val"]
    ]
    (only,) = held_out_cases(trained, bundle, SMALL, folds=[3], device="cpu")
    assert only.part == "fold 3"
    assert (only.voxels.band.logits == cases[-1].voxels.band.logits).all()
    assert (cases[0].voxels.band.logits != only.voxels.band.logits).any()


def test_a_model_of_every_case_or_of_a_fold_that_there_is_not_is_refused(trained, bundle):
    manifest = json.loads((bundle / "manifest.json").read_text())
    (bundle / "fold_3.safetensors").rename(bundle / "fold_all.safetensors")
    manifest["folds"] = ["all"]
    manifest["sha256"]["fold_all.safetensors"] = manifest["sha256"].pop("fold_3.safetensors")
    (bundle / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match=r"has the folds 0 to 4, and all is none\. Was it trained on every case"):
        list(held_out_cases(trained, bundle, SMALL, folds=None))


def test_a_data_set_of_other_labels_is_refused(trained, bundle, tmp_path):
    other = WorkFolder(tmp_path / "other", trained.dataset)
    other.raw.mkdir(parents=True)
    shutil.copy(trained.raw / "dataset.json", other.raw)
    description = json.loads((other.raw / "dataset.json").read_text())
    description["labels"] = {"background": 0, "lesion": 1}
    (other.raw / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(InputError, match=r"must have the labels .*GTVn\), but has background, lesion"):
        list(held_out_cases(other, bundle, SMALL, folds=None))
