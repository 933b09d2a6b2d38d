"""Files of probabilities: an image a class, all of them or none."""

import os

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import output_files
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.labelling.probability_files import ProbabilityFiles, probability_outputs
from tests.support.small_ensembles import GRID

NAMES = ("background", "GTVp", "GTVn")


def write(folder, names=NAMES, *, fails=False):
    """Write random probabilities, and return them."""
    with output_files(*probability_outputs(folder, names)) as files:
        written = ProbabilityFiles(files, names)
        assert written.are_asked_for
        array = written.mapped((len(names), *GRID.shape_zyx))
        array[:] = np.random.default_rng(0).random(array.shape, np.float32)
        expected = np.array(array)
        written.write(GRID)
        assert len(list(folder.glob(".unfinished-*/*"))) == len(names)  # the array is gone
        if fails:
            raise KeyError
    return expected


def test_each_class_is_an_image_on_the_grid(tmp_path):
    expected = write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"probability_{name}.nii.gz" for name in NAMES)
    for name, values in zip(NAMES, expected, strict=True):
        image = sitk.ReadImage(str(tmp_path / f"probability_{name}.nii.gz"))
        assert image.GetPixelID() == sitk.sitkFloat32
        assert Grid.of(image).matches(GRID)
        assert np.array_equal(array_of(image), values)


def test_what_fails_leaves_nothing(tmp_path):
    with pytest.raises(KeyError):
        write(tmp_path, fails=True)
    assert list(tmp_path.iterdir()) == []


def test_names_that_no_file_can_have_are_replaced_and_stay_distinct(tmp_path):
    write(tmp_path, ("a/b", "a b", "Gland", "gland"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "probability_Gland_2.nii.gz",
        "probability_a_b_0.nii.gz",
        "probability_a_b_1.nii.gz",
        "probability_gland_3.nii.gz",
    ]


def test_where_there_is_no_space_it_is_told_before_anything_is_computed(tmp_path, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OutputError, match=r"Probabilities must be written to .*: No space left on device"):
        write(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_where_none_are_asked_for_there_is_no_array():
    with output_files() as files:
        none = ProbabilityFiles(files, NAMES)
        assert not none.are_asked_for
        assert none.mapped((3, 2, 2, 2)) is None
