import json
import logging
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg_training.dataset.structure_ranges import structure_ranges
from hnseg_training.dataset.work_folder import WorkFolder

GRID = Grid((20, 20, 20), (5.0, 5.0, 5.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = {"background": 0, "GTVp": 1, "GTVn": 2, "ignore": 3}


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    """A data set of three samples: a GTVp of 2, 3 and 4 voxels along x; a GTVn in the last; ignored voxels in all."""
    work = WorkFolder.create(tmp_path, challenge="hnts_mrg", dataset_id=504)
    for sample, size in (("a", 2), ("b", 3), ("c", 4)):
        array = np.zeros(GRID.shape_zyx, np.uint8)
        array[10, 10, 10 : 10 + size] = 1
        array[5, 5, 5] = 2 if sample == "c" else 0
        array[1] = 3
        scan = np.zeros(GRID.shape_zyx, np.float32)
        scan[:16, 4:16, 2:18] = 100
        sitk.WriteImage(image_of(array, GRID), work.raw / "labelsTr" / f"{sample}.nii.gz")
        sitk.WriteImage(image_of(scan, GRID), work.raw / "imagesTr" / f"{sample}_0000.nii.gz")
    (work.raw / "dataset.json").write_text(json.dumps({"labels": LABELS}))
    return work


@pytest.mark.parametrize("workers", [1, 2])
def test_every_sample_counts_and_ignored_voxels_do_not(work, workers):
    ranges = structure_ranges(work, workers=workers)
    assert list(ranges) == ["GTVp", "GTVn"]
    assert (ranges["GTVp"].cases, ranges["GTVp"].empty, ranges["GTVp"].volume_ml) == (3, 0, (0.25, 0.375, 0.5))
    assert (ranges["GTVn"].cases, ranges["GTVn"].empty, ranges["GTVn"].volume_ml) == (3, 2, (0.125, 0.125, 0.125))
    assert ranges["GTVp"].position_mm == ((5.0, 10.0), (2.5, 2.5), (25.0, 25.0))


def test_without_label_maps_there_are_no_ranges(work, caplog):
    caplog.set_level(logging.INFO)
    shutil.rmtree(work.raw / "labelsTr")
    assert structure_ranges(work, workers=1) == {}
    assert "there are no label maps in" in caplog.text


def test_regions_have_no_ranges(work, caplog):
    caplog.set_level(logging.INFO)
    (work.raw / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "tumour": [1, 2]}}))
    assert structure_ranges(work, workers=1) == {}
    assert "there are no labels of one value in" in caplog.text


@pytest.mark.parametrize(("folder", "name"), [("imagesTr", "b_0000.nii.gz"), ("labelsTr", "b.nii.gz")])
def test_a_sample_that_cant_be_read_leaves_them_out_and_is_named(work, caplog, folder, name):
    path = work.raw / folder / name
    path.write_bytes(path.read_bytes()[:100])
    assert structure_ranges(work, workers=1) == {}
    assert name in caplog.text


def test_a_data_set_without_its_description_is_refused(work):
    (work.raw / "dataset.json").unlink()
    with pytest.raises(InputError, match=r"dataset\.json must be a JSON file"):
        structure_ranges(work, workers=1)
