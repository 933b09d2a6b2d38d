"""Resampling on numbers that can be checked by hand; parity with nnU-Net is in test_parity."""

import numpy as np
import pytest
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape

from hnseg.inference.model.nnunet_resampling import Spline, TorchLinear
from hnseg.inference.preprocessing.resampling import axis_apart, resample

pytestmark = pytest.mark.numeric

AUTOMATIC = Spline(order=1, force_separate_z=None)
LINEAR = [AUTOMATIC, TorchLinear()]
EVEN = (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("force", "from_mm", "to_mm", "axis"),
    [
        (None, (3.0, 1.0, 1.0), EVEN, None),  # three times is not more than three times
        (None, (3.1, 1.0, 1.0), EVEN, 0),
        (None, EVEN, (1.0, 4.0, 1.0), 1),
        (None, (1.0, 1.0, 5.0), (5.0, 1.0, 1.0), 2),  # the first grid decides
        (None, (1.0, 5.0, 5.0), EVEN, None),  # two thick axes: none apart
        (False, (5.0, 1.0, 1.0), (5.0, 1.0, 1.0), None),
        (True, (2.0, 1.0, 1.0), EVEN, 0),
        (True, EVEN, (5.0, 1.0, 1.0), None),
    ],
)
def test_the_axis_of_thick_slices_is_resampled_apart(force, from_mm, to_mm, axis):
    assert axis_apart(Spline(force_separate_z=force), from_mm, to_mm) == axis


@pytest.mark.parametrize("resampling", LINEAR)
def test_outer_faces_coincide(resampling):
    # Two voxels to four: centres at 0.25, 0.75, 1.25, 1.75 voxels, between old centres at 0.5 and 1.5.
    volume = np.array([0, 4], np.float32).reshape(1, 1, 2)
    resized = resample(volume, (1, 1, 4), resampling, from_mm=EVEN, to_mm=EVEN)
    assert resized.dtype == np.float32
    assert resized.flatten().tolist() == [0, 1, 3, 4]


@pytest.mark.parametrize("resampling", LINEAR)
def test_thick_slices_are_repeated_not_mixed(resampling):
    volume = np.array([[0, 0], [8, 16]], np.float32).reshape(2, 1, 2)
    resized = resample(volume, (4, 1, 4), resampling, from_mm=(5.0, 1.0, 1.0), to_mm=(2.5, 1.0, 1.0))
    assert resized[:, 0].tolist() == [[0] * 4, [0] * 4, [8, 10, 14, 16], [8, 10, 14, 16]]


@pytest.mark.parametrize("order", [0, 1, 3, 5])
@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize(
    ("old", "new"), [((21, 37, 29), (30, 25, 41)), ((9, 31, 90), (4, 70, 61)), ((1, 5, 2), (3, 7, 9))]
)
def test_splines_are_those_of_nnunet(old, new, force, order):
    volume = np.random.default_rng(0).normal(size=old).astype(np.float32)
    spacings = {"current_spacing": (5.0, 1.0, 1.0), "new_spacing": EVEN}
    expected = resample_data_or_seg_to_shape(volume[None], new, **spacings, order=order, force_separate_z=force)[0]
    wanted = Spline(order=order, force_separate_z=force)
    ours = resample(volume, new, wanted, from_mm=(5.0, 1.0, 1.0), to_mm=EVEN)
    assert np.abs(ours - expected).max() <= 1e-5


def test_splines_do_not_leave_the_range_of_the_input():
    volume = np.zeros((1, 1, 9), np.float32)
    volume[..., 4:] = 1  # a cubic spline overshoots at an edge
    resized = resample(volume, (1, 1, 30), Spline(order=3), from_mm=EVEN, to_mm=EVEN)
    assert (resized.min(), resized.max()) == (0, 1)


def test_a_volume_of_that_size_is_returned_itself():
    volume = np.zeros((2, 3, 4), np.float32)
    assert resample(volume, (2, 3, 4), AUTOMATIC, from_mm=EVEN, to_mm=EVEN) is volume
