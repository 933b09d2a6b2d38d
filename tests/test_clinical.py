import pytest

from hnseg.clinical import N_STAGES, T_STAGES, FollowUp, follow_up_of, number_of, stage_of


@pytest.mark.parametrize(
    ("value", "stages", "stage"),
    [
        ("T2", T_STAGES, "T2"),
        ("2", T_STAGES, "T2"),
        (2, T_STAGES, "T2"),
        ("2.0", T_STAGES, "T2"),
        ("T4a", T_STAGES, "T4"),
        ("t3", T_STAGES, "T3"),
        ("N2b", N_STAGES, "N2"),
        (" N0 ", N_STAGES, "N0"),
        ("0", N_STAGES, "N0"),
        ("Tx", T_STAGES, None),
        ("Tis", T_STAGES, None),
        ("T0", T_STAGES, None),
        ("N4", N_STAGES, None),
        ("N2", T_STAGES, None),
        ("", T_STAGES, None),
        (float("nan"), T_STAGES, None),
        (None, N_STAGES, None),
        ("2.5", T_STAGES, None),
        (True, T_STAGES, None),
    ],
)
def test_stages_are_read_in_their_spellings(value, stages, stage):
    assert stage_of(value, stages) == stage


@pytest.mark.parametrize(("value", "stage"), [("cN3a", "N3"), ("pn1", "N1"), ("c2", "N2"), ("N2", "N2"), ("xN2", None)])
def test_a_prefix_is_dropped_where_it_is_expected(value, stage):
    assert stage_of(value, N_STAGES, prefixes="cp") == stage
    assert stage_of("cN2", N_STAGES) is None


@pytest.mark.parametrize(
    ("relapse", "has_relapsed"),
    [
        *((True, True), (False, False), (0, False), (1.0, True), ("1", True), ("0.0", False)),
        *(("yes", True), ("No", False), ("TRUE", True), ("false", False), (" y ", True)),
    ],
)
def test_a_relapse_is_0_or_1_in_any_spelling(relapse, has_relapsed):
    assert follow_up_of(relapse, "30") == FollowUp(30.0, has_relapsed)


@pytest.mark.parametrize(
    ("relapse", "days"),
    [
        (2, 30),
        (1, -1),
        ("", 30),
        (None, 30),
        (1, "inf"),
        (1, True),
        (1, None),
        ("maybe", 30),
        ("1" * 200, 30),
        ([1], 30),
    ],
)
def test_half_a_follow_up_is_none(relapse, days):
    assert follow_up_of(relapse, days) is None


@pytest.mark.parametrize(
    ("value", "number"), [(3, 3.0), ("3.5", 3.5), ("nan", None), (float("inf"), None), (True, None), ([1], None)]
)
def test_only_finite_numbers_are_numbers(value, number):
    assert number_of(value) == number


def test_the_time_for_a_long_text_is_that_of_a_short_one():
    for value in (" " * 1_000_000 + "x", "T" + " " * 1_000_000, 10**100_000, [[1] * 10] * 10):
        assert stage_of(value, T_STAGES) is None
