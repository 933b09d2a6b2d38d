from dataclasses import replace

import pytest

from hnseg.imaging.registration import Gate, Intensities, Quality
from hnseg.imaging.registration.agreement import Samples
from hnseg.imaging.registration.gate import quality_of
from hnseg.imaging.registration.pyramid import levels_of

GOOD = Quality(correlation=0.25, body_dice=0.95, overlap=0.99, drop=0.2, rotation_deg=12.0, shift_mm=30.0)


def test_good_result_meets_no_objection():
    assert Gate().objection(GOOD) == ""


@pytest.mark.parametrize(
    ("change", "objection"),
    [
        ({"correlation": 0.124}, "the images agree too little (correlation 0.124, at least 0.16 needed)"),
        ({"body_dice": 0.79}, "the images agree too little (body_dice 0.790, at least 0.8 needed)"),
        ({"overlap": 0.5}, "the images agree too little (overlap 0.500, at least 0.6 needed)"),
        ({"drop": -0.01}, "the images agree too little (drop -0.010, at least 0 needed)"),
        ({"correlation": float("nan")}, "the images agree too little (correlation nan, at least 0.16 needed)"),
        ({"rotation_deg": 41.0}, "the images are turned by 41 degrees, more than 40"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_measure_can_object(change, objection):
    assert Gate().objection(replace(GOOD, **change)) == objection


def measured(heads, truth, tried):
    smaller, larger = (
        levels_of(image, Intensities(), spacings_mm=(4.0,))[4.0] for image in (heads.fixed, heads.moving(truth))
    )
    return quality_of(Samples.of(smaller, smaller.near_body(7.0)), larger, tried)


def test_true_pose_is_better_than_every_one_nearby(heads, pose):
    truth = pose((0, 0, 10), (3, 4, 0))
    quality = measured(heads, truth, truth)
    assert quality.drop > 0.1
    assert quality.rotation_deg == pytest.approx(10)
    assert quality.shift_mm == pytest.approx(5, abs=3)
    assert Gate().objection(quality) == ""


def test_pose_beside_the_true_one_is_worse_than_one_nearby(heads, pose):
    truth = pose((0, 0, 10), (3, 4, 0))
    assert measured(heads, truth, pose((0, 0, 10), (13, 4, 0))).drop < 0
