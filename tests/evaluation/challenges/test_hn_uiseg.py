"""HN-UISeg's measures: means over cases, and what empty structures count."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.evaluation.challenges.hn_uiseg import score
from hnseg.evaluation.files.pairs import Pair

P, N = np.s_[1:3, 1:3, 1:3], np.s_[3:5, 4:6, 5:9]  # 8 voxels of GTVp, 16 of GTVn
N_MOVED = np.s_[3:5, 4:6, 6:10]  # one voxel along x: 12 stay shared


def test_means_are_over_cases_and_the_score_over_structures(make_label_map):
    reference = make_label_map({1: P, 2: N})
    report = score([Pair("a", make_label_map({1: P, 2: N_MOVED}), reference), Pair("b", reference, reference)])
    assert report.structures["GTVn"]["mean_dsc"] == pytest.approx((0.75 + 1) / 2)
    assert report.structures["GTVn"]["mean_hd_mm"] == 0.5
    assert report.structures["GTVn"]["mean_nsd"] == 1.0
    assert report.score == pytest.approx((1 + 0.875) / 2)
    assert report.structures["GTVp"]["cases"] == report.structures["GTVp"]["cases_with_hd"] == 2
    assert report.notes == ()


def test_what_neither_has_is_left_out_and_what_one_has_counts_0_without_a_distance(make_label_map):
    both, none = make_label_map({1: P, 2: N}), make_label_map({2: N})
    report = score([Pair("neither", none, none), Pair("missed", none, both), Pair("found", both, both)])
    primary = report.structures["GTVp"]
    assert (primary["mean_dsc"], primary["mean_nsd"], primary["cases"]) == (0.5, 0.5, 2)
    assert (primary["mean_hd_mm"], primary["cases_with_hd"]) == (0, 1)
    assert primary["mean_false_negative_ml"] == pytest.approx(8 / 3 / 1000)
    assert report.cases[0].structures["GTVp"]["dsc"] is None
    assert report.notes == ("GTVp has no HD in 1 of its cases, where the prediction or the reference alone has it.",)


def test_a_structure_of_no_case_leaves_the_score_undefined(make_label_map):
    none = make_label_map({2: N})
    report = score([Pair("a", none, none)])
    assert report.score is None
    assert report.structures["GTVp"]["mean_dsc"] is None


def test_other_labels_and_other_grids_are_refused(make_label_map):
    reference = make_label_map({1: P})
    with pytest.raises(InputError, match="must hold the labels 0 background, 1 GTVp, 2 GTVn alone, found 3"):
        score([Pair("a", make_label_map({3: P}), reference)])
    with pytest.raises(InputError, match="must lie on its reference's grid"):
        score([Pair("a", make_label_map({1: P}, spacing_mm=(2, 2, 2)), reference)])
