from dataclasses import replace

import pytest

from hnseg.imaging.registration import Gate, Intensities, Quality
from hnseg.imaging.registration.gate import quality_of
from hnseg.imaging.registration.pyramid import levels_of

GOOD = Quality(
    mutual_information=0.5,
    correlation=0.25,
    body_dice=0.95,
    overlap=0.99,
    drop=0.2,
    drift_mm=1.0,
    rotation_deg=12.0,
    shift_mm=30.0,
)


def test_good_result_meets_no_objection():
    assert Gate().objection(GOOD) is None


@pytest.mark.parametrize(
    ("change", "reason", "likely_cause"),
    [
        (
            {"correlation": 0.124},
            "the images agree too little (correlation 0.124, at least 0.16 needed)",
            "Are they of two patients, does one show hardly more than noise, or is one of its axes flipped?",
        ),
        (
            {"correlation": float("nan")},
            "the images agree too little (correlation nan, at least 0.16 needed)",
            "Are they of two patients, does one show hardly more than noise, or is one of its axes flipped?",
        ),
        (
            {"body_dice": 0.79},
            "the images agree too little (body_dice 0.790, at least 0.8 needed)",
            "Are they of two patients, or does one of them show the body only in part?",
        ),
        (
            {"overlap": 0.5},
            "the images agree too little (overlap 0.500, at least 0.6 needed)",
            "Do they show different parts of the body?",
        ),
        (
            {"drop": -0.01},
            "the images agree too little (drop -0.010, at least 0 needed)",
            "Do they show the same part of the body, and with enough contrast?",
        ),
        (
            {"drift_mm": 3.6},
            "parts of the body, each on its own, belong elsewhere (drift_mm 3.6, at most 3.5 allowed)",
            "Has the body bent between the scans, or are they of two patients?",
        ),
        (
            {"rotation_deg": 41.0},
            "the images are turned by 41 degrees, more than 40",
            "Is one of them stored with a wrong orientation?",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_measure_can_object(change, reason, likely_cause):
    assert Gate().objection(replace(GOOD, **change)) == (reason, likely_cause)


def measured(heads, truth, tried):
    smaller, larger = (
        levels_of(image, Intensities(), spacings_mm=(4.0,))[4.0] for image in (heads.fixed, heads.moving(truth))
    )
    return quality_of(smaller, larger, tried)


def test_true_pose_is_better_than_every_one_nearby(heads, pose):
    truth = pose((0, 0, 10), (3, 4, 0))
    quality = measured(heads, truth, truth)
    assert quality.drop > 0.1
    assert quality.rotation_deg == pytest.approx(10)
    assert quality.shift_mm == pytest.approx(5, abs=3)
    assert quality.drift_mm < 1
    assert Gate().objection(quality) is None


@pytest.mark.parametrize("off_mm", [6, 10])
def test_halves_of_a_pose_beside_the_true_one_drift_back(heads, pose, off_mm):
    truth = pose((0, 0, 10), (3, 4, 0))
    quality = measured(heads, truth, pose((0, 0, 10), (3 + off_mm, 4, 0)))
    assert quality.drift_mm == pytest.approx(off_mm, abs=1.5)
    assert Gate().objection(quality) is not None


def test_pose_beside_the_true_one_is_worse_than_one_nearby(heads, pose):
    truth = pose((0, 0, 10), (3, 4, 0))
    assert measured(heads, truth, pose((0, 0, 10), (13, 4, 0))).drop < 0
