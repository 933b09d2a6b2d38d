"""HECKTOR 2025: Dice by patient for the primary, aggregated Dice and lesions for the nodes, never a resampling."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor import Options, score
from hnseg.evaluation.files.pairs import Pair

P, P_MOVED = np.s_[1:3, 1:3, 1:3], np.s_[1:3, 1:3, 2:4]  # 8 voxels, 4 of them shared
N, N_MOVED = np.s_[3:5, 4:6, 5:9], np.s_[3:5, 4:6, 6:10]  # 16 voxels, 12 shared: IoU 12/20
SMALL, ELSEWHERE = np.s_[0:1, 7:8, 0:2], np.s_[5:6, 0:1, 7:9]  # nodes of 2 voxels, far from the others


def options(**values) -> Options:
    return Options(edition="2025", **values)


@pytest.fixture
def make(make_label_map):
    """Return a function that makes a label map of a primary and of several nodes."""

    def label_map(primary=None, *nodes, **how) -> sitk.Image:
        array = np.zeros((6, 8, 10), np.uint8)
        for node in nodes:
            array[node] = 2
        if primary is not None:
            array[primary] = 1
        image = make_label_map(**how)
        made = sitk.GetImageFromArray(array)
        made.CopyInformation(image)
        return made

    return label_map


def test_primary_by_patient_and_nodes_over_all_patients_on_any_grid(make, grid):
    pairs = [
        Pair("a", make(P_MOVED, N_MOVED, **grid), make(P, N, SMALL, **grid)),  # one of two nodes found
        Pair("b", make(P, N, ELSEWHERE, **grid), make(P, N, **grid)),  # one invented
    ]
    report = score(pairs, options())
    assert report.structures["GTVp"]["mean_dsc"] == pytest.approx((0.5 + 1) / 2)
    nodes = report.structures["GTVn"]
    assert nodes["aggregated_dsc"] == pytest.approx(2 * (12 + 16) / (16 + 18 + 18 + 16))
    assert nodes["aggregated_f1"] == pytest.approx(2 * 2 / (4 + 1 + 1))
    assert (nodes["lesions_tp"], nodes["lesions_fp"], nodes["lesions_fn"]) == (2, 1, 1)
    assert report.score == pytest.approx(0.75 / 2 + nodes["aggregated_dsc"] / 4 + nodes["aggregated_f1"] / 4)
    of_a = report.cases[0].structures
    assert (of_a["GTVn"]["lesions_tp"], of_a["GTVn"]["lesions_fp"], of_a["GTVn"]["lesions_fn"]) == (1, 0, 1)
    assert of_a["GTVp"]["reference_mm3"] == pytest.approx(8 * np.prod(pairs[0].reference.GetSpacing()))


@pytest.mark.parametrize(
    ("predicted", "present", "both_empty", "dsc", "mean_dsc"),
    [
        pytest.param(None, None, "1", 1.0, 1.0, id="neither, 1"),
        pytest.param(None, None, "0", 0.0, 0.5, id="neither, 0"),
        pytest.param(None, None, "skip", None, 1.0, id="neither, skip"),
        pytest.param(P, None, "1", 0.0, 0.5, id="false positive"),
        pytest.param(None, P, "1", 0.0, 0.5, id="false negative"),
        pytest.param(P, None, "skip", 0.0, 0.5, id="a false positive is never skipped"),
        pytest.param(P, P, "0", 1.0, 1.0, id="both"),
    ],
)
def test_an_empty_primary_beside_a_patient_that_was_found(make, predicted, present, both_empty, dsc, mean_dsc):
    pairs = [Pair("found", make(P, N), make(P, N)), Pair("other", make(predicted, N), make(present, N))]
    report = score(pairs, options(both_empty=both_empty))
    assert report.cases[1].structures["GTVp"]["dsc"] == dsc
    assert report.structures["GTVp"]["mean_dsc"] == mean_dsc
    assert report.structures["GTVp"]["cases"] == (1 if dsc is None else 2)
    assert f"DSC {both_empty} (--both-empty)" in report.notes[0]


@pytest.mark.parametrize(
    ("predicted", "present", "aggregated_dsc", "f1"),
    [
        pytest.param([], [], 1.0, 1.0, id="neither has nodes"),
        pytest.param([SMALL], [], 32 / 34, 2 / 3, id="an invented node"),
        pytest.param([], [SMALL], 32 / 34, 2 / 3, id="a missed node"),
        pytest.param([SMALL], [SMALL], 1.0, 1.0, id="a found node"),
    ],
)
def test_a_patient_without_nodes_beside_one_that_was_found(make, predicted, present, aggregated_dsc, f1):
    pairs = [Pair("found", make(P, N), make(P, N)), Pair("other", make(P, *predicted), make(P, *present))]
    nodes = score(pairs, options(both_empty="0")).structures["GTVn"]  # what is aggregated has no such choice
    assert nodes["aggregated_dsc"] == pytest.approx(aggregated_dsc)
    assert nodes["aggregated_f1"] == pytest.approx(f1)


def test_without_any_node_the_score_is_undefined_with_a_note(make):
    report = score([Pair("a", make(P), make(P))], options())
    assert report.structures["GTVp"] == {"mean_dsc": 1.0, "sd_dsc": None, "cases": 1, "aggregated_dsc": 1.0}
    assert report.structures["GTVn"]["aggregated_dsc"] is None
    assert report.structures["GTVn"]["aggregated_f1"] is None
    assert report.score is None
    assert report.notes[1:] == (
        "GTVn's aggregated_dsc is 0/0: no case has what it counts, and the score is undefined.",
        "GTVn's aggregated_f1 is 0/0: no case has what it counts, and the score is undefined.",
    )


def test_connectivity_and_matching_decide_what_a_lesion_is(make):
    corner = np.s_[5:6, 6:7, 9:10]  # touches N by its corner alone
    pair = Pair("a", make(P, N), make(P, N, corner))
    assert score([pair], options()).structures["GTVn"]["aggregated_f1"] == 1.0
    assert score([pair], options(connectivity="6")).structures["GTVn"]["aggregated_f1"] == pytest.approx(2 / 3)
    halves = make(P, np.s_[3:5, 4:6, 0:4], np.s_[3:5, 4:6, 5:9])
    joined = Pair("b", make(P, np.s_[3:5, 4:6, 0:9]), halves)
    assert score([joined], options()).structures["GTVn"]["lesions_fn"] == 1
    report = score([joined], options(matching="any"))
    assert report.structures["GTVn"]["lesions_fn"] == 0
    assert report.options == {"edition": "2025", "both-empty": "1", "connectivity": "26", "matching": "any"}


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ({"spacing_mm": (2.0, 1.0, 1.0)}, r"spacing \(2.0, 1.0, 1.0\) instead of"),
        ({"origin_mm": (0.0, 0.01, 0.0)}, r"origin \(0.0, 0.01, 0.0\) instead of"),
        ({"direction": (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)}, "direction"),
    ],
)
def test_another_grid_is_refused_and_never_resampled(make, how, found):
    with pytest.raises(InputError, match=f"case 7 must lie on its reference's grid, but it has {found}"):
        score([Pair("7", make(P, N, **how), make(P, N))], options())


def test_a_cropped_prediction_is_refused(make):
    with pytest.raises(InputError, match=r"size \(8, 8, 6\) instead of \(10, 8, 6\)"):
        score([Pair("7", make(P, N)[:8], make(P, N))], options())


@pytest.mark.parametrize("shift_mm", [1e-7, 1e-4, 9e-4])
def test_an_offset_within_a_thousandth_of_a_mm_is_the_same_grid(make, shift_mm):
    pair = Pair("a", make(P, N, origin_mm=(0.0, shift_mm, 0.0)), make(P, N))
    assert score([pair], options()).score == 1.0


def test_other_labels_are_refused(make, make_label_map):
    stranger = make_label_map({3: P})
    with pytest.raises(InputError, match=r"prediction of case 7 must hold .* 1 GTVp, 2 GTVn alone, found 3"):
        score([Pair("7", stranger, make(P))], options())
    with pytest.raises(InputError, match="reference of case 7 must hold"):
        score([Pair("7", make(P), stranger)], options())


def test_options_of_2026_are_refused(make):
    with pytest.raises(
        InputError, match=r"2025 must .*\(--both-empty, --connectivity, --matching\), but --rfs-means was"
    ):
        score([Pair("a", make(P), make(P))], options(rfs_means="risk"))
