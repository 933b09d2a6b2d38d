"""Records of scores and their variants."""

from hnseg.robustness.scores.record import BASELINE, MEASURES, Variant


def test_the_baseline_is_known_by_its_kind():
    assert BASELINE.is_baseline
    assert not Variant("CT", "spike", 0).is_baseline


def test_the_names_of_measures_are_distinct():
    assert len(set(MEASURES)) == len(MEASURES)
