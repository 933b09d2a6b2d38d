"""HECKTOR 2026: Dice by patient, stages and survival in one score."""

from math import isnan

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hecktor import Options, score
from hnseg.evaluation.files.pairs import Pair

P, P_MOVED = np.s_[1:3, 1:3, 1:3], np.s_[1:3, 1:3, 2:4]  # 8 voxels, 4 of them shared
N, N_MOVED = np.s_[3:5, 4:6, 5:9], np.s_[3:5, 4:6, 6:10]  # 16 voxels, 12 shared

TABLE = "PatientID,T-stage,N-stage,Relapse,RFS\nA,T1,N0,1,100\nB,T2,N2b,1,300\nC,T2,,0,500\nD,,1,0,\n"


@pytest.fixture
def clinical(tmp_path):
    path = tmp_path / "clinical.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def answers(t_stage: str, n_stage: str, rfs: float) -> dict:
    return {"t-stage": t_stage, "n-stage": n_stage, "rfs": rfs}


@pytest.fixture
def patients(make_label_map) -> list[Pair]:
    """Four patients: half a primary, three quarters of the nodes, an invented node, and all found."""
    whole = make_label_map({1: P, 2: N})
    return [
        Pair("A", make_label_map({1: P_MOVED, 2: N}), whole, answers("T1", "N0", 200)),
        Pair("B", make_label_map({1: P, 2: N_MOVED}), whole, answers("T2", "N1", 150)),
        Pair("C", make_label_map({1: P, 2: N}), make_label_map({1: P}), answers("T3", "N0", 400)),
        Pair("D", whole, whole, answers("T1", "N1", 1)),
    ]


def test_the_score_weighs_its_three_parts(patients, clinical):
    report = score(patients, Options(clinical=clinical))
    overall = report.overall
    assert overall["dice"] == pytest.approx(((0.5 + 1 + 1 + 1) / 4 + (1 + 0.75 + 0 + 1) / 4) / 2)
    assert overall["t_stage_balanced_accuracy"] == (1 + 1 / 2) / 2  # of A; of B and C
    assert overall["n_stage_balanced_accuracy"] == pytest.approx((1 + 0 + 1) / 3)  # of A, B, D
    assert overall["balanced_accuracy"] == pytest.approx((0.75 + 2 / 3) / 2)
    # A relapsed before B, and was said to live longer: wrong. A and B relapsed before C was seen last: right.
    assert overall["c_index"] == pytest.approx(2 / 3)
    assert overall["rfs_comparable_pairs"] == 3
    expected = 0.25 * overall["dice"] + 0.35 * overall["balanced_accuracy"] + 0.4 * overall["c_index"]
    assert report.score == pytest.approx(expected)
    assert (overall["t_stage_patients"], overall["n_stage_patients"], overall["rfs_patients"]) == (3, 3, 3)
    assert overall["rfs_relapses"] == 2
    assert "T-stage is unknown for 1 of 4 patients, who are left out of its part." in report.notes
    assert report.options == {
        "edition": "2026",
        "both-empty": "1",
        "rfs-means": "survival",
        "clinical": str(clinical),
    }


def test_rfs_may_mean_the_risk(patients, clinical):
    report = score(patients, Options(clinical=clinical, rfs_means="risk"))
    assert report.overall["c_index"] == pytest.approx(1 / 3)
    assert "a higher rfs is a risk (--rfs-means)." in report.notes[1]


def test_without_known_outcomes_the_label_maps_alone_are_scored_with_a_note(patients):
    report = score(patients)
    assert report.score == report.overall["dice"] == pytest.approx((0.875 + 0.6875) / 2)
    assert report.score_name == "mean DSC of GTVp and GTVn"
    assert "the label maps alone are scored" in report.notes[1]
    assert list(report.overall) == ["dice"]


def test_references_may_bring_their_outcomes_as_values(make_label_map):
    whole = make_label_map({1: P, 2: N})
    known = [{"t-stage": "T1", "n-stage": "N0", "rfs": days, "relapse": 1} for days in (100, 200)]
    pairs = [Pair(str(i), whole, whole, answers("T1", "N0", 10 * i), expected=values) for i, values in enumerate(known)]
    report = score(pairs)
    assert report.score == 1.0
    assert report.options == {"edition": "2026", "both-empty": "1", "rfs-means": "survival"}


@pytest.mark.parametrize(
    ("predicted", "present", "both_empty", "dsc", "dice"),
    [
        pytest.param({}, {}, "1", 1.0, 1.0, id="neither, 1"),
        pytest.param({}, {}, "0", 0.0, 0.5, id="neither, 0"),
        pytest.param({}, {}, "skip", None, 1.0, id="neither, skip"),
        pytest.param({1: P, 2: N}, {}, "1", 0.0, 0.5, id="false positive"),
        pytest.param({}, {1: P, 2: N}, "1", 0.0, 0.5, id="false negative"),
        pytest.param({}, {1: P, 2: N}, "skip", 0.0, 0.5, id="a false negative is never skipped"),
    ],
)
def test_empty_structures_beside_a_patient_that_was_found(make_label_map, predicted, present, both_empty, dsc, dice):
    found = Pair("found", make_label_map({1: P, 2: N}), make_label_map({1: P, 2: N}))
    other = Pair("other", make_label_map(predicted), make_label_map(present))
    report = score([found, other], Options(both_empty=both_empty))
    assert [report.cases[1].structures[name]["dsc"] for name in ("GTVp", "GTVn")] == [dsc, dsc]
    assert report.overall["dice"] == dice


def test_a_structure_that_every_patient_skips_leaves_the_score_undefined_with_a_note(make_label_map):
    pair = Pair("a", make_label_map({1: P}), make_label_map({1: P}))
    report = score([pair], Options(both_empty="skip"))
    assert report.structures["GTVn"] == {"mean_dsc": None, "sd_dsc": None, "cases": 0}
    assert report.score is None
    assert report.notes[-1].startswith("dice is undefined, as no patient has the structure")


@pytest.mark.parametrize(
    ("rows", "part"),
    [
        pytest.param("A,T1,N0,1,100\n", "c_index", id="one patient"),
        pytest.param("A,T1,N0,0,100\nB,T1,N0,0,200\n", "c_index", id="nobody relapsed"),
        pytest.param("A,T1,N0,1,100\nB,T1,N0,1,100\n", "c_index", id="all at once"),
        pytest.param("A,,N0,1,100\nB,,N0,1,200\n", "t_stage_balanced_accuracy", id="no T-stage"),
        pytest.param("A,T1,,1,100\nB,T1,,1,200\n", "n_stage_balanced_accuracy", id="no N-stage"),
    ],
)
def test_a_part_without_patients_leaves_the_score_undefined_with_a_note(patients, tmp_path, rows, part):
    path = tmp_path / "clinical.csv"
    path.write_text("PatientID,T-stage,N-stage,Relapse,RFS\n" + rows, encoding="utf-8")
    report = score(patients[:2], Options(clinical=path))
    assert report.overall[part] is None
    assert report.score is None
    assert not isnan(report.overall["dice"])
    assert [note for note in report.notes if note.startswith(f"{part} is undefined")]


def test_a_patient_of_known_stage_needs_a_prediction(make_label_map, clinical):
    whole = make_label_map({1: P, 2: N})
    with pytest.raises(InputError, match="case A must have a t-stage of T1, T2, T3, T4"):
        score([Pair("A", whole, whole)], Options(clinical=clinical))
    with pytest.raises(InputError, match="case A must have a finite number as its rfs"):
        score([Pair("A", whole, whole, {"t-stage": "T1", "n-stage": "N1"})], Options(clinical=clinical))


def test_a_patient_without_known_outcomes_needs_no_prediction(patients, make_label_map, clinical):
    whole = make_label_map({1: P, 2: N})
    report = score([*patients, Pair("E", whole, whole)], Options(clinical=clinical))
    assert "RFS is unknown for 2 of 5 patients, who are left out of its part." in report.notes


def test_a_table_of_other_patients_is_refused(make_label_map, clinical):
    whole = make_label_map({1: P, 2: N})
    with pytest.raises(InputError, match=r"has none for any of them\. Are the label maps named by PatientID"):
        score([Pair("Z", whole, whole)], Options(clinical=clinical))


def test_another_grid_is_refused(make_label_map):
    pair = Pair("7", make_label_map({1: P}, origin_mm=(0.0, 0.0, 0.5)), make_label_map({1: P}))
    with pytest.raises(InputError, match="case 7 must lie on its reference's grid"):
        score([pair])


def test_other_labels_are_refused(make_label_map):
    with pytest.raises(InputError, match=r"prediction of case 7 must hold .* found 4"):
        score([Pair("7", make_label_map({4: P}), make_label_map({1: P}))])
