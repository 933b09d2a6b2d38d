"""HaN-Seg's evaluation: scored organs, empty predictions, means over cases and organs."""

from math import inf

import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.spec import LABELS as SOCKET_LABELS
from hnseg.errors import InputError
from hnseg.evaluation.challenges.han_seg import LABELS, score, score_pair
from hnseg.evaluation.files.pairs import Pair

CORD, STEM = LABELS["SpinalCord"], LABELS["Brainstem"]
SLAB, SLAB_MOVED = np.s_[2:8, 4:28, 4:28], np.s_[3:9, 4:28, 4:28]  # by one voxel along z: 5 of 6 slices stay shared
SHAPE = {"shape_zyx": (16, 32, 40)}
FLAT = {"spacing_mm": (0.5, 0.8, 2.0), **SHAPE}


@pytest.fixture
def make(make_label_map):
    """Return a function that makes a label map of boxes on a grid of 40 x 32 x 16 voxels."""
    return lambda boxes=None, **how: make_label_map(boxes, **{**FLAT, **how})


def test_labels_are_those_of_the_container():
    assert {label: organ for organ, label in LABELS.items()} == SOCKET_LABELS


def test_dsc_and_hd95_of_a_slab_moved_by_one_slice(make, grid):
    turned = {key: value for key, value in grid.items() if key != "spacing_mm"}
    case = score_pair(Pair("a", make({CORD: SLAB_MOVED}, **turned), make({CORD: SLAB}, **turned)))
    assert case.structures == {"SpinalCord": {"dsc": pytest.approx(5 / 6), "hd95_mm": pytest.approx(2.0)}}


@pytest.mark.parametrize(("axis", "voxel_mm"), [(0, 2.0), (1, 0.8), (2, 0.5)])
def test_distances_take_each_axis_with_its_own_spacing(make, axis, voxel_mm):
    moved = [slice(2, 12), slice(4, 28), slice(4, 34)]
    reference = make({STEM: tuple(moved)})
    moved[axis] = slice(moved[axis].start + 1, moved[axis].stop + 1)
    case = score_pair(Pair("a", make({STEM: tuple(moved)}), reference))
    assert case.structures["Brainstem"]["hd95_mm"] == pytest.approx(voxel_mm)


def test_organs_are_distinguished(make):
    case = score_pair(Pair("a", make({CORD: SLAB, STEM: np.s_[9:12, 2:9, 2:9]}), make({CORD: SLAB, STEM: np.s_[9:12]})))
    assert case.structures["SpinalCord"] == {"dsc": 1.0, "hd95_mm": 0.0}
    assert case.structures["Brainstem"]["dsc"] == pytest.approx(2 * 49 / (49 + 32 * 40))


def test_an_organ_that_the_reference_lacks_is_not_scored(make):
    case = score_pair(Pair("a", make({CORD: SLAB, STEM: np.s_[9:12]}), make({CORD: SLAB})))
    assert list(case.structures) == ["SpinalCord"]
    assert "The reference lacks A_Carotid_L, A_Carotid_R, Arytenoid," in case.notes[0]
    assert "Brainstem" in case.notes[0]
    assert "SpinalCord" not in case.notes[0]


def test_an_empty_prediction_has_dsc_0_and_no_finite_distance(make):
    case = score_pair(Pair("a", make(), make({CORD: SLAB})))
    assert case.structures == {"SpinalCord": {"dsc": 0.0, "hd95_mm": inf}}


@pytest.fixture
def cases(make) -> list[Pair]:
    """The cord exact, moved and empty; the stem exact, absent in the reference, and empty in its only other case."""
    stem = np.s_[10:14, 4:28, 4:28]
    return [
        Pair("exact", make({CORD: SLAB, STEM: stem}), make({CORD: SLAB, STEM: stem})),
        Pair("moved", make({CORD: SLAB_MOVED}), make({CORD: SLAB})),
        Pair("empty", make(), make({CORD: SLAB, LABELS["Lips"]: stem})),
    ]


def test_an_empty_prediction_counts_as_the_organs_largest_distance(cases):
    report = score(cases)
    assert list(report.structures) == ["Brainstem", "Lips", "SpinalCord"]  # in the order of the labels
    assert report.structures["SpinalCord"] == {
        "mean_dsc": pytest.approx((1 + 5 / 6 + 0) / 3),
        "sd_dsc": pytest.approx(np.std([1, 5 / 6, 0], ddof=1)),
        "mean_hd95_mm": pytest.approx((0 + 2 + 2) / 3),
        "sd_hd95_mm": pytest.approx(np.std([0, 2, 2], ddof=1)),
        "cases": 3,
        "empty_predictions": 1,
    }
    assert report.cases[2].structures["SpinalCord"]["hd95_mm"] == inf


def test_an_organ_predicted_in_no_case_has_no_distance_but_its_dsc_counts(cases):
    report = score(cases)
    assert report.structures["Lips"] == {
        **{"mean_dsc": 0.0, "sd_dsc": None, "mean_hd95_mm": None, "sd_hd95_mm": None},
        **{"cases": 1, "empty_predictions": 1},
    }
    assert report.overall["mean_dsc"] == pytest.approx((1 + 0 + (1 + 5 / 6) / 3) / 3)
    assert report.overall["mean_hd95_mm"] == pytest.approx((0 + 4 / 3) / 2)
    assert report.score == report.overall["mean_dsc"]
    assert report.notes[1:] == (
        "Empty predictions, with DSC 0 and the organ's largest HD95 among these cases: SpinalCord (1).",
        "Predicted in no case, so without HD95 and not in its mean over the organs: Lips.",
    )


def test_medians_are_those_of_all_values_and_deviations_those_within_organs(cases):
    overall = score(cases).overall
    dsc, hd95_mm = [1, 5 / 6, 0, 1, 0], [0, 2, 2, 0]
    assert overall["median_dsc"] == pytest.approx(5 / 6)
    assert overall["iqr_dsc"] == pytest.approx(np.subtract(*np.percentile(dsc, (75, 25))))
    assert overall["median_hd95_mm"] == pytest.approx(np.median(hd95_mm))
    assert overall["iqr_hd95_mm"] == pytest.approx(2.0)
    assert overall["sd_dsc"] == pytest.approx(np.std([1, 5 / 6, 0], ddof=1))  # of one organ only is there one


def test_nothing_to_score_is_no_score(make):
    report = score([Pair("a", make({CORD: SLAB}), make())])
    assert report.score is None
    assert set(report.overall.values()) == {None}


def test_an_infinite_distance_is_null_in_json(cases):
    assert '"SpinalCord":{"dsc":0.0,"hd95_mm":null}' in score(cases).model_dump_json()


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32])
def test_the_pixel_type_does_not_matter(make, dtype):
    case = score_pair(Pair("a", make({CORD: SLAB}, dtype=dtype), make({CORD: SLAB})))
    assert case.structures["SpinalCord"] == {"dsc": 1.0, "hd95_mm": 0.0}


@pytest.mark.parametrize(
    ("value", "dtype", "found"),
    [(31, np.uint8, "31"), (-1, np.int16, "-1"), (np.nan, np.float32, "nan"), (0.5, np.float32, "0.5")],
)
def test_other_labels_are_refused(make, value, dtype, found):
    stranger, fine = make({value: SLAB}, dtype=dtype), make({CORD: SLAB})
    with pytest.raises(InputError, match=rf"prediction of case 7 must hold 0 .* 1 to 30 alone, .* holds {found}\."):
        score_pair(Pair("7", stranger, fine))
    with pytest.raises(InputError, match="reference of case 7 must hold"):
        score_pair(Pair("7", fine, stranger))


def test_probabilities_are_refused_with_a_short_list():
    probabilities = sitk.GetImageFromArray(np.linspace(0.01, 0.99, 480).reshape(6, 8, 10))
    with pytest.raises(InputError, match=r"holds 0\.01, 0\.012\d*, .*, \.\.\.\. Does it"):
        score_pair(Pair("7", probabilities, probabilities))


@pytest.mark.parametrize(
    ("grid", "found"),
    [
        ({"spacing_mm": (0.5, 0.8, 2.5)}, r"spacing \(0.5, 0.8, 2.5\) instead of \(0.5, 0.8, 2.0\)"),
        ({"origin_mm": (0.0, 1.0, 0.0)}, r"origin \(0.0, 1.0, 0.0\) instead of"),
        ({"direction": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)}, "direction"),
        ({"shape_zyx": (16, 32, 39)}, r"size \(39, 32, 16\) instead of \(40, 32, 16\)"),
    ],
)
def test_a_prediction_on_another_grid_is_refused(make, grid, found):
    with pytest.raises(InputError, match=f"case 7 must lie on its reference's grid, but it has {found}"):
        score_pair(Pair("7", make({CORD: SLAB}, **grid), make({CORD: SLAB})))


def test_every_organs_dsc_is_that_of_itk(make):
    rng = np.random.default_rng(0)
    prediction, reference = (make(), make())
    arrays = [rng.integers(0, 31, (16, 32, 40), dtype=np.uint8) for _ in range(2)]
    images = [sitk.GetImageFromArray(array) for array in arrays]
    for image, like in zip(images, (prediction, reference), strict=True):
        image.CopyInformation(like)
    itk = sitk.LabelOverlapMeasuresImageFilter()
    itk.Execute(images[1], images[0])
    found = score_pair(Pair("a", *images)).structures
    assert len(found) == 30
    assert {organ: row["dsc"] for organ, row in found.items()} == {
        organ: pytest.approx(itk.GetDiceCoefficient(label)) for organ, label in LABELS.items()
    }
