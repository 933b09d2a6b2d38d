import json

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg_training.dataset.raw_dataset import Description, ignore_label, write_description, write_sample
from hnseg_training.dataset.work_folder import WorkFolder

GRID = Grid((4, 3, 2), (1.0, 2.0, 3.0), (10.0, 20.0, 30.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
LABELS = {1: "GTVp", 2: "GTVn"}


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    return WorkFolder.create(tmp_path, challenge="boxes", dataset_id=1)


def described(work, **options):
    write_description(work, Description("Boxes", ["CT", "noNorm"], LABELS, samples=5, **options))
    return json.loads((work.raw / "dataset.json").read_text())


def test_a_sample_is_a_file_a_channel_and_its_label_map(work):
    array = np.arange(48, dtype=np.float32).reshape(2, *GRID.shape_zyx)
    labels = np.ones(GRID.shape_zyx, np.int16)
    write_sample(work, "case", Channels(array, GRID), image_of(labels, GRID))
    for number in (0, 1):
        image = sitk.ReadImage(str(work.raw / "imagesTr" / f"case_000{number}.nii.gz"))
        np.testing.assert_array_equal(array_of(image), array[number])
        assert Grid.of(image).matches(GRID)
    label_map = sitk.ReadImage(str(work.raw / "labelsTr" / "case.nii.gz"))
    assert label_map.GetPixelID() == sitk.sitkUInt8
    assert (array_of(label_map) == 1).all()


def test_a_file_that_is_not_whole_is_no_sample(work, small_files):
    array = np.random.default_rng(1).random((1, 20, 30, 40), np.float32)
    grid = Grid((40, 30, 20), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), GRID.direction)
    with pytest.raises(OSError, match=r"whole|read|write"), small_files(1000):
        write_sample(work, "case", Channels(array, grid), image_of(np.ones(grid.shape_zyx, np.uint8), grid))


def test_the_description_is_nnunets(work):
    assert described(work) == {
        "name": "Boxes",
        "channel_names": {"0": "CT", "1": "noNorm"},
        "labels": {"background": 0, "GTVp": 1, "GTVn": 2},
        "numTraining": 5,
        "file_ending": ".nii.gz",
        "overwrite_image_reader_writer": "SimpleITKIO",
    }


def test_ignored_voxels_have_the_first_free_value(work):
    assert ignore_label(LABELS) == 3
    assert described(work, ignored=True)["labels"]["ignore"] == 3


def test_images_are_turned_where_structures_have_a_side(work):
    assert described(work, turned=True)["overwrite_image_reader_writer"] == "SimpleITKIOWithReorient"
