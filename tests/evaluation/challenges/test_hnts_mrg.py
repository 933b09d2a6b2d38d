"""HNTS-MRG's evaluation: sums, refusals and resampling."""

from math import cos, sin

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hnts_mrg import score
from hnseg.evaluation.files.pairs import Pair

P, N = np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]  # 8 voxels of GTVp, 16 of GTVn
P_MOVED, N_MOVED = np.s_[1:3, 1:3, 2:4], np.s_[3:5, 4:6, 6:10]  # one voxel along x: 4 and 12 stay shared


def test_score_is_the_mean_of_both_aggregated_dsc_on_any_grid(make_label_map, grid):
    reference = make_label_map({1: P, 2: N}, **grid)
    report = score([Pair("a", make_label_map({1: P_MOVED, 2: N_MOVED}, **grid), reference)])
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(4 / 8)
    assert report.structures["GTVn"]["aggregated_dsc"] == pytest.approx(12 / 16)
    assert report.score == pytest.approx(0.625)
    voxel_mm3 = np.prod(reference.GetSpacing())
    assert report.cases[0].structures["GTVn"] == {
        "dsc": 0.75,
        "intersection_mm3": pytest.approx(12 * voxel_mm3),
        "prediction_mm3": pytest.approx(16 * voxel_mm3),
        "reference_mm3": pytest.approx(16 * voxel_mm3),
    }
    assert not report.cases[0].notes


def test_cases_on_different_grids_add_up_in_mm3(make_label_map):
    fine, coarse = {"spacing_mm": (0.5, 0.5, 2.0)}, {"spacing_mm": (1.0, 1.0, 2.0)}
    report = score(
        [
            Pair("fine, missed", make_label_map({2: N}, **fine), make_label_map({1: P, 2: N}, **fine)),  # 8 x 0.5 mm3
            Pair("coarse, found", make_label_map({1: P}, **coarse), make_label_map({1: P}, **coarse)),  # 8 x 2 mm3
        ]
    )
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(2 * 16 / (32 + 4))
    assert report.structures["GTVp"]["mean_dsc"] == 0.5


@pytest.mark.parametrize(
    ("predicted", "present", "dsc", "aggregated_dsc", "mean_dsc", "cases_in_mean_dsc"),
    [
        pytest.param({}, {}, None, 1.0, 1.0, 1, id="neither has it"),
        pytest.param({1: P}, {}, 0.0, 2 / 3, 1.0, 1, id="false positive"),
        pytest.param({}, {1: P}, 0.0, 2 / 3, 0.5, 2, id="false negative"),
        pytest.param({1: P}, {1: P}, 1.0, 1.0, 1.0, 2, id="both have it"),
    ],
)
def test_an_empty_structure_beside_a_case_that_was_found(
    make_label_map, predicted, present, dsc, aggregated_dsc, mean_dsc, cases_in_mean_dsc
):
    found = Pair("found", make_label_map({1: P, 2: N}), make_label_map({1: P, 2: N}))
    report = score([found, Pair("other", make_label_map(predicted), make_label_map(present))])
    assert report.cases[1].structures["GTVp"]["dsc"] == dsc
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(aggregated_dsc)
    assert report.structures["GTVp"]["mean_dsc"] == mean_dsc
    assert report.structures["GTVp"]["cases_in_mean_dsc"] == cases_in_mean_dsc


def test_a_structure_absent_everywhere_leaves_the_score_undefined_with_a_note(make_label_map):
    report = score([Pair("a", make_label_map({2: N}), make_label_map({2: N}))])
    assert report.structures["GTVp"] == {"aggregated_dsc": None, "mean_dsc": None, "cases_in_mean_dsc": 0}
    assert report.structures["GTVn"]["aggregated_dsc"] == 1.0
    assert report.score is None
    assert report.notes == ("GTVp is in no reference and no prediction: its DSCagg is 0/0, and so is the mean.",)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_the_pixel_type_does_not_matter(make_label_map, dtype):
    report = score([Pair("a", make_label_map({1: P, 2: N}, dtype=dtype), make_label_map({1: P, 2: N}))])
    assert report.score == 1.0
    assert not report.cases[0].notes


def test_fractions_are_cut_off_as_by_the_challenge_with_a_note(make_label_map):
    report = score([Pair("a", make_label_map({1.9: P, 2: N}, dtype=np.float32), make_label_map({1: P, 2: N}))])
    assert report.score == 1.0
    assert report.cases[0].notes == (
        "The prediction of case a was cast to uint8, which changed its values 0, 1.9, 2 to 0, 1, 2.",
    )


@pytest.mark.parametrize(
    ("value", "dtype", "found"),
    [(3, np.uint8, "0, 3"), (-1, np.int16, "-1, 0"), (np.nan, np.float32, "0, nan"), (1024.0, np.float32, "0, 1024")],
)
def test_other_labels_are_refused(make_label_map, value, dtype, found):
    stranger, fine = make_label_map({value: P}, dtype=dtype), make_label_map({1: P})
    with pytest.raises(InputError, match=f"prediction of case 77 must hold .* 1 GTVp, 2 GTVn alone, found {found}"):
        score([Pair("77", stranger, fine)])
    with pytest.raises(InputError, match="reference of case 77 must hold"):
        score([Pair("77", fine, stranger)])


def test_probabilities_are_refused_with_a_short_list_of_their_values(make_label_map):
    probabilities = sitk.GetImageFromArray(np.linspace(0, 255, 480).reshape(6, 8, 10))
    with pytest.raises(InputError, match=r"3\.19\d+, 3\.72\d+, \.\.\."):
        score([Pair("a", probabilities, make_label_map({1: P}))])


def test_another_spacing_is_refused_even_if_the_prediction_could_be_resampled(make_label_map):
    prediction = make_label_map({1: P}, spacing_mm=(0.5, 0.5, 1.2))
    reference = make_label_map({1: P}, spacing_mm=(0.5, 0.5, 2.0))
    with pytest.raises(InputError, match=r"case 77 must have its reference's spacing \(0.5, 0.5, 2.0\) mm, found \(0"):
        score([Pair("77", prediction, reference)])


def test_a_shifted_prediction_is_compared_where_it_lies(make_label_map):
    # The same voxels, but the image begins 2 mm further along x: in space they are two voxels off, and apart.
    reference = make_label_map({1: P, 2: N})
    report = score([Pair("a", make_label_map({1: P, 2: N}, origin_mm=(2.0, 0.0, 0.0)), reference)])
    assert report.structures["GTVp"]["aggregated_dsc"] == 0.0
    # GTVn reaches from x index 5 to 8; moved by two it reaches to 10, and index 10 lies outside: 2 shared x 4 of each
    # row, against 16 and 12 voxels.
    assert report.structures["GTVn"]["aggregated_dsc"] == pytest.approx(2 * 8 / (16 + 12))
    assert report.cases[0].notes == (
        "The prediction was resampled onto its reference's grid by nearest neighbour:"
        " it had origin (2.0, 0.0, 0.0) instead of (0.0, 0.0, 0.0).",
    )


def test_a_cropped_prediction_is_put_back_with_background_around_it(make_label_map):
    reference = make_label_map({1: P, 2: N}, spacing_mm=(0.5, 0.5, 2.0))
    report = score([Pair("a", reference[1:9, 1:7, 1:5], reference)])
    assert report.score == 1.0
    assert "size (8, 6, 4) instead of (10, 8, 6)" in report.cases[0].notes[0]


def test_a_flipped_axis_is_another_direction_and_the_same_anatomy(make_label_map):
    reference = make_label_map({1: P, 2: N}, spacing_mm=(0.5, 0.5, 2.0), origin_mm=(3.0, 4.0, 5.0))
    flipped = sitk.Flip(reference, (True, False, False), False)
    report = score([Pair("a", flipped, reference)])
    assert report.score == 1.0
    assert "direction" in report.cases[0].notes[0]


TINY_SHIFTS_MM = [0.0, 4e-7, 6e-7, 1e-4, 1.9e-3, 0.01]
TINY_TURNS = [5e-7, 2e-6, 1e-5, 1e-4]


def _reference_and_shifted(make_label_map, shift_mm: float) -> tuple[sitk.Image, sitk.Image]:
    where = {"spacing_mm": (0.5, 0.5, 2.0)}
    return (
        make_label_map({1: P, 2: N}, origin_mm=(-135.25, -186.26, -329.0), **where),
        make_label_map({1: P, 2: N}, origin_mm=(-135.25, -186.26 + shift_mm, -329.0), **where),
    )


def _reference_and_turned(make_label_map, turn: float) -> tuple[sitk.Image, sitk.Image]:
    at_30, beyond = np.deg2rad(30), np.deg2rad(30) + turn
    reference, turned = (
        make_label_map({1: P, 2: N}, direction=(cos(a), -sin(a), 0.0, sin(a), cos(a), 0.0, 0.0, 0.0, 1.0))
        for a in (at_30, beyond)
    )
    return reference, turned


@pytest.mark.parametrize(
    ("pair_of", "apart"),
    [(_reference_and_shifted, mm) for mm in TINY_SHIFTS_MM] + [(_reference_and_turned, turn) for turn in TINY_TURNS],
)
def test_a_tiny_offset_is_scored_and_a_note_says_where_the_organisers_script_would_stop(make_label_map, pair_of, apart):
    reference, prediction = pair_of(make_label_map, apart)
    report = score([Pair("a", prediction, reference)])
    assert report.score == 1.0
    resampled_by_script = not (
        np.allclose(prediction.GetDirection(), reference.GetDirection(), atol=1e-6)
        and np.allclose(prediction.GetOrigin(), reference.GetOrigin(), atol=1e-6)
    )
    stops = not resampled_by_script and not _itk_compares(reference, prediction)
    notes = " ".join(report.cases[0].notes)
    assert ("resampled" in notes) == resampled_by_script
    assert ("organisers' script stops" in notes) == stops


def _itk_compares(reference: sitk.Image, prediction: sitk.Image) -> bool:
    try:
        sitk.LabelOverlapMeasuresImageFilter().Execute(reference, prediction)
    except RuntimeError:
        return False
    return True


def test_a_spacing_that_differs_in_its_last_digits_is_the_same_spacing(make_label_map):
    prediction = make_label_map({1: P, 2: N}, spacing_mm=(0.5000001, 0.5, 2.0))
    report = score([Pair("a", prediction, make_label_map({1: P, 2: N}, spacing_mm=(0.5, 0.5, 2.0)))])
    assert report.score == 1.0
    assert report.cases[0].structures["GTVp"]["prediction_mm3"] == pytest.approx(4.0, abs=1e-12)
