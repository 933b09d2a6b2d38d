"""Label maps are resampled as nnU-Net does it, to the last voxel: ties are decided by bits of the arithmetic."""

import numpy as np
import pytest
from nnunetv2.preprocessing.resampling.default_resampling import resample_data_or_seg_to_shape
from nnunetv2.preprocessing.resampling.resample_torch import resample_torch_fornnunet

from hnseg.inference.model.label_resampling import LabelSpline, LabelTorch
from hnseg.inference.preprocessing.label_resampling import resample_labels

SPLINE, TORCH = LabelSpline(order=1, force_separate_z=None), LabelTorch()
SHAPES = [
    ((7, 12, 9), (14, 24, 18)),  # every second voxel lies between two
    ((12, 10, 9), (6, 5, 3)),
    ((9, 11, 8), (13, 7, 8)),
    ((1, 9, 10), (3, 9, 17)),
]
SPACINGS = {"even": (1.0, 1.0, 1.0), "thick z": (5.0, 1.0, 1.0), "thick y": (1.0, 4.0, 1.0), "thick x": (1.0, 1.0, 6.0)}


def by_nnunet(labels, shape, resampling, from_mm, to_mm):
    given = labels[None].astype(np.float32)
    if isinstance(resampling, LabelTorch):
        return resample_torch_fornnunet(given, shape, from_mm, to_mm, is_seg=True)[0]
    return resample_data_or_seg_to_shape(
        given, shape, from_mm, to_mm, is_seg=True, order=1, order_z=0, force_separate_z=None
    )[0]


@pytest.mark.parametrize("resampling", [SPLINE, TORCH], ids=["scipy", "torch"])
@pytest.mark.parametrize(("old", "new"), SHAPES, ids=str)
@pytest.mark.parametrize("from_mm", SPACINGS.values(), ids=SPACINGS)
def test_labels_are_those_of_nnunet(old, new, from_mm, resampling):
    labels = np.random.default_rng(5).integers(-1, 4, old).astype(np.int32)
    to_mm = tuple(mm * before / after for mm, before, after in zip(from_mm, old, new, strict=True))
    ours = resample_labels(labels, new, resampling, from_mm=from_mm, to_mm=to_mm)
    np.testing.assert_array_equal(ours, by_nnunet(labels, new, resampling, from_mm, to_mm))
    assert ours.dtype == labels.dtype


def test_a_label_map_on_the_grid_is_kept():
    labels = np.ones((2, 3, 4), np.int32)
    assert resample_labels(labels, (2, 3, 4), SPLINE, from_mm=(1, 1, 1), to_mm=(1, 1, 1)) is labels


def test_two_backgrounds_lose_to_a_label_that_both_together_would_beat():
    line = np.array([-1, 2, 0], np.int32).reshape(1, 1, 3)
    ours = resample_labels(line, (1, 1, 1), SPLINE, from_mm=(1, 1, 1), to_mm=(1, 1, 3))
    assert ours.ravel().tolist() == [2]
