"""Normalisation on numbers that can be checked by hand; parity with nnU-Net is in test_parity."""

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.inference.model.nnunet_plans import Intensities
from hnseg.inference.preprocessing.normalisation import normalise


def test_ct_is_clipped_to_the_training_set():
    volume = np.array([-1000, 0, 50, 3000], np.float32)
    normalise(volume, "CTNormalization", Intensities(mean=50, std=100, percentile_00_5=-150, percentile_99_5=250), None)
    assert volume.tolist() == [-2, -0.5, 0, 2]


def test_z_scores_can_be_of_the_inside_only():
    volume = np.array([0, 2, 4, 0], np.float32)
    normalise(volume, "ZScoreNormalization", Intensities(), np.array([False, True, True, False]))
    assert volume.tolist() == [0, -1, 1, 0]


@pytest.mark.parametrize("scheme", ["ZScoreNormalization", "RescaleTo01Normalization"])
def test_a_constant_image_is_not_divided_by_zero(scheme):
    volume = np.zeros(4, np.float32)
    normalise(volume, scheme, Intensities(), None)
    assert volume.tolist() == [0] * 4


def test_colours_must_be_from_0_to_255():
    with pytest.raises(InputError, match="trained on colour channels from 0 to 255, but the image holds 0 to 300"):
        normalise(np.array([0, 300], np.float32), "RGBTo01Normalization", Intensities(), None)


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("NoNormalization", [-1, 0, 3]),
        ("RescaleTo01Normalization", [0, 0.25, 1]),
    ],
)
def test_other_schemes_use_the_image_alone(scheme, expected):
    volume = np.array([-1, 0, 3], np.float32)
    normalise(volume, scheme, Intensities(mean=50), None)
    assert volume.tolist() == expected
