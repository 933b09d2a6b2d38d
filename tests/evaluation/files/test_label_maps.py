"""Label maps are checked before they are compared: labels, spacings and grids."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.label_maps import cast_labels, check_grid, check_spacing, labels_of
from hnseg.evaluation.files.pairs import Pair

LABELS = {"GTVp": 1, "GTVn": 2}
BOX = np.s_[1:3, 1:3, 1:3]


def _image(*values: float, dtype: type) -> sitk.Image:
    return sitk.GetImageFromArray(np.array([[values]], dtype))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_labels_are_uint8_whatever_the_pixel_type(dtype):
    labels = labels_of(_image(0, 2, 1, dtype=dtype), LABELS, name="reference")
    assert labels.dtype == np.uint8
    assert labels.tolist() == [[[0, 2, 1]]]


def test_another_label_is_refused_with_those_allowed():
    with pytest.raises(InputError, match=r"The reference must hold the labels 0 background, 1 GTVp, 2 GTVn alone, fo"):
        labels_of(_image(0, 3, dtype=np.uint8), LABELS, name="reference")


@pytest.mark.parametrize(
    ("values", "dtype", "cast", "changed"),
    [
        ((0, 1, 2), np.int16, [0, 1, 2], ""),
        ((0, 1.75, 2.25), np.float32, [0, 1, 2], "changed its values 0, 1.75, 2.25 to 0, 1, 2"),
        ((0, 257, 258), np.int16, [0, 1, 2], "changed its values 0, 257, 258 to 0, 1, 2"),
    ],
    ids=["whole", "fractions are cut off", "integers wrap around"],
)
def test_a_cast_that_changes_values_leaves_a_note(values, dtype, cast, changed):
    label_map, note = cast_labels(_image(*values, dtype=dtype), LABELS, name="prediction")
    assert sitk.GetArrayFromImage(label_map).ravel().tolist() == cast
    assert changed in note
    assert bool(note) == bool(changed)


@pytest.mark.parametrize("value", [256.0, -1.0, np.nan])
def test_a_float_without_a_cast_is_refused(value):
    with pytest.raises(InputError, match="The prediction must hold the labels 0 background, 1 GTVp, 2 GTVn alone"):
        cast_labels(_image(0, value, dtype=np.float32), LABELS, name="prediction")


def test_a_spacing_is_compared_with_numpys_tolerance(make_label_map):
    reference = make_label_map({1: BOX}, spacing_mm=(1.0, 1.0, 3.0))
    near = make_label_map({1: BOX}, spacing_mm=(1.0, 1.0, 3.00002))  # 1e-5 of 3 mm is 3e-5 mm
    check_spacing(Pair("a", near, reference), atol=1e-6)
    far = make_label_map({1: BOX}, spacing_mm=(1.0, 1.0, 3.0001))
    with pytest.raises(InputError, match=r"case a must have its reference's spacing \(1\.0, 1\.0, 3\.0\)"):
        check_spacing(Pair("a", far, reference), atol=1e-6)


def test_a_grid_is_compared_to_a_thousandth_of_a_mm(make_label_map):
    reference = make_label_map({1: BOX})
    check_grid(Pair("a", make_label_map({1: BOX}, origin_mm=(0.0005, 0.0, 0.0)), reference))
    with pytest.raises(InputError, match="prediction of case a must lie on its reference's grid, but it has"):
        check_grid(Pair("a", make_label_map({1: BOX}, origin_mm=(0.01, 0.0, 0.0)), reference))
