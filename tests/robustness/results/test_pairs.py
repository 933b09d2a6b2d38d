"""Pairs of variants with the baseline."""

from dataclasses import replace

import numpy as np
import pytest

from hnseg.errors import InputError
from hnseg.robustness.results.pairs import pair_scores
from hnseg.robustness.scores.record import BASELINE, ScoreRecord, Variant
from tests.support.made_up_study import made_up_study


def record(variant, dice, *, case="a", mm3=900.0, **descriptors):
    return ScoreRecord(case, "GTVp", variant, dice, mm3, {}, descriptors)


def test_differences_are_losses_and_fractions_of_the_baseline():
    spike = Variant("CT", "spike", 1)
    records = [record(spike, 0.2), record(BASELINE, 0.8), record(spike, 0.1, case="b"), record(BASELINE, 0.0, case="b")]
    (pair,) = pair_scores(records)
    assert pair.delta.tolist() == pytest.approx([0.6, -0.1])
    assert pair.relative_delta[0] == pytest.approx(0.75)
    assert np.isnan(pair.relative_delta[1])


def test_pairs_come_by_kind_severity_modality_and_structure():
    pairs = pair_scores(made_up_study(cases=2)[::-1])
    assert [str(pair.variant) for pair in pairs[::2]] == [
        *("PET blur 1", "CT blur 1", "PET blur 2", "CT blur 2"),
        *("PET spike 1", "CT spike 1", "PET spike 2", "CT spike 2"),
    ]
    assert [one.case for one in pairs[0].perturbed] == ["case_00", "case_01"]


def test_a_descriptor_is_the_baselines_or_else_the_variants():
    blur = Variant("CT", "blur", 1)
    records = [record(BASELINE, 0.8, volume=3.0), record(blur, 0.8, volume=4.0, contrast=5.0)]
    (pair,) = pair_scores(records)
    assert (pair.descriptor("volume").item(), pair.descriptor("contrast").item()) == (3.0, 5.0)
    assert np.isnan(pair.descriptor("entropy").item())


def test_a_variant_without_a_baseline_is_refused():
    with pytest.raises(InputError, match=r"but GTVp of a has only CT blur 1. Are the rows of the baseline missing"):
        pair_scores([record(Variant("CT", "blur", 1), 0.8)])


def test_a_reference_that_is_empty_in_one_of_them_is_refused():
    records = [record(BASELINE, 0.8), record(Variant("CT", "blur", 1), 0.0, mm3=0.0)]
    with pytest.raises(InputError, match=r"has 900 mm3 in the baseline and 0 mm3 in CT blur 1. Are two studies mixed"):
        pair_scores(records)


def test_a_study_without_perturbed_rows_is_refused():
    with pytest.raises(InputError, match="must have perturbed rows, but all 1 are of the baseline"):
        pair_scores([replace(record(BASELINE, 0.8))])
