"""HECKTOR 2022: sums, refusals and resampling of its notebook."""

from math import cos, sin

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor import Options, score
from hnseg.evaluation.files.pairs import Pair

P, N = np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]  # 8 voxels of GTVp, 16 of GTVn
P_MOVED, N_MOVED = np.s_[1:3, 1:3, 2:4], np.s_[3:5, 4:6, 6:10]  # one voxel along x: 4 and 12 stay shared

OF_2022 = Options(edition="2022")


def by_the_notebook(pairs: list[Pair]) -> float:
    """Score as the organisers' notebook does, with SimpleITK's own filters (read, not copied)."""
    sums = np.zeros((2, 2))
    for pair in pairs:
        prediction, reference = (sitk.Cast(image, sitk.sitkUInt8) for image in (pair.prediction, pair.reference))
        prediction.SetSpacing(reference.GetSpacing())
        prediction = sitk.Resample(prediction, reference, sitk.Transform(), sitk.sitkNearestNeighbor)
        overlap = sitk.LabelOverlapMeasuresImageFilter()
        overlap.Execute(reference, prediction)
        for row, label in enumerate((1, 2)):
            voxels = sum(int((sitk.GetArrayFromImage(image) == label).sum()) for image in (prediction, reference))
            volume_mm3 = voxels * np.prod(reference.GetSpacing())
            sums[row] += overlap.GetDiceCoefficient(label) * volume_mm3 / 2, volume_mm3
    return float(np.mean(2 * sums[:, 0] / sums[:, 1]))


def test_score_is_the_mean_of_both_aggregated_dsc_on_any_grid(make_label_map, grid):
    reference = make_label_map({1: P, 2: N}, **grid)
    pairs = [Pair("a", make_label_map({1: P_MOVED, 2: N_MOVED}, **grid), reference)]
    report = score(pairs, OF_2022)
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(4 / 8)
    assert report.structures["GTVn"]["aggregated_dsc"] == pytest.approx(12 / 16)
    assert report.score == pytest.approx(0.625) == by_the_notebook(pairs)
    assert report.options == {"edition": "2022"}
    assert not report.cases[0].notes


def test_the_notebook_agrees_over_cases_of_different_grids_and_sizes(make_label_map):
    fine, coarse = {"spacing_mm": (0.5, 0.5, 2.0)}, {"spacing_mm": (1.0, 1.0, 2.0)}
    whole = make_label_map({1: P, 2: N}, **coarse)
    pairs = [
        Pair("missed", make_label_map({2: N}, **fine), make_label_map({1: P, 2: N}, **fine)),
        Pair("invented", make_label_map({1: P_MOVED, 2: N}, **fine), make_label_map({2: N}, **fine)),
        Pair("neither", make_label_map({1: P}, **coarse), make_label_map({1: P}, **coarse)),
        Pair("cropped", whole[1:9, 1:7, 1:5], whole),
        Pair("shifted", make_label_map({1: P, 2: N}, origin_mm=(1.0, 0.0, 0.0), **coarse), whole),
    ]
    report = score(pairs, OF_2022)
    assert report.score == pytest.approx(by_the_notebook(pairs), abs=1e-12)
    assert [bool(case.notes) for case in report.cases] == [False, False, False, True, True]
    assert "size (8, 6, 4) instead of (10, 8, 6)" in report.cases[3].notes[0]


@pytest.mark.parametrize(
    ("predicted", "present", "dsc", "aggregated_dsc"),
    [
        pytest.param({}, {}, None, 1.0, id="neither has it"),
        pytest.param({1: P}, {}, 0.0, 2 / 3, id="false positive"),
        pytest.param({}, {1: P}, 0.0, 2 / 3, id="false negative"),
        pytest.param({1: P}, {1: P}, 1.0, 1.0, id="both have it"),
    ],
)
def test_an_empty_structure_beside_a_case_that_was_found(make_label_map, predicted, present, dsc, aggregated_dsc):
    found = Pair("found", make_label_map({1: P, 2: N}), make_label_map({1: P, 2: N}))
    report = score([found, Pair("other", make_label_map(predicted), make_label_map(present))], OF_2022)
    assert report.cases[1].structures["GTVp"]["dsc"] == dsc
    assert report.structures["GTVp"]["aggregated_dsc"] == pytest.approx(aggregated_dsc)


def test_a_structure_absent_everywhere_leaves_the_score_undefined_with_a_note(make_label_map):
    report = score([Pair("a", make_label_map({2: N}), make_label_map({2: N}))], OF_2022)
    assert report.structures["GTVp"]["aggregated_dsc"] is None
    assert report.score is None
    assert report.notes == ("GTVp is in no reference and no prediction: its DSCagg is 0/0, and so is the mean.",)


def _turned_by(angle: float) -> tuple[float, ...]:
    return (cos(angle), -sin(angle), 0.0, sin(angle), cos(angle), 0.0, 0.0, 0.0, 1.0)


@pytest.mark.parametrize(
    "tiny",
    [{"origin_mm": (0.0, mm, 0.0)} for mm in (4e-7, 1e-4, 1.9e-3, 0.01)]
    + [{"direction": _turned_by(angle)} for angle in (5e-7, 1e-5, 1e-4)]
    + [{"spacing_mm": (1.000001, 1.0, 1.0)}],
    ids=str,
)
def test_a_tiny_offset_changes_nothing(make_label_map, tiny):
    pairs = [Pair("a", make_label_map({1: P, 2: N}, **tiny), make_label_map({1: P, 2: N}))]
    assert score(pairs, OF_2022).score == 1.0 == by_the_notebook(pairs)


def test_another_spacing_is_refused_even_if_the_prediction_could_be_resampled(make_label_map):
    prediction = make_label_map({1: P}, spacing_mm=(0.5, 0.5, 1.2))
    reference = make_label_map({1: P}, spacing_mm=(0.5, 0.5, 2.0))
    with pytest.raises(InputError, match=r"case CHUM-001 must have its reference's spacing \(0.5, 0.5, 2.0\) mm"):
        score([Pair("CHUM-001", prediction, reference)], OF_2022)


@pytest.mark.parametrize(("value", "dtype", "found"), [(3, np.uint8, "0, 3"), (np.nan, np.float32, "0, nan")])
def test_other_labels_are_refused(make_label_map, value, dtype, found):
    stranger, fine = make_label_map({value: P}, dtype=dtype), make_label_map({1: P})
    with pytest.raises(InputError, match=f"prediction of case 7 must hold .* 1 GTVp, 2 GTVn alone, found {found}"):
        score([Pair("7", stranger, fine)], OF_2022)
    with pytest.raises(InputError, match="reference of case 7 must hold"):
        score([Pair("7", fine, stranger)], OF_2022)


def test_options_of_other_editions_are_refused(make_label_map):
    label_map = make_label_map({1: P, 2: N})
    options = Options(edition="2022", both_empty="0")
    with pytest.raises(InputError, match=r"HECKTOR 2022 must .* \(it has none\), but --both-empty was given"):
        score([Pair("a", label_map, label_map)], options)
