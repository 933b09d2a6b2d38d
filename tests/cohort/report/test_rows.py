import hashlib

import pytest

from hnseg.cohort.report.rows import checksums, in_order
from tests.support.made_up_cohort import FLAG, STAMP, done, facts, failed, row


def test_facts_are_shown_as_the_works_write_them():
    shown = row(done(facts=facts(GTVp=8.0, flags=[FLAG], notes=("The PET was resampled.",))))
    assert shown.structures["GTVp"].volume_ml == 8.0
    assert [flag.kind for flag in shown.flags] == ["volume"]
    assert shown.notes == ("The PET was resampled.",)
    assert shown.peak_memory_gib == 2.5
    assert shown.model_sha256 == hashlib.sha256(f"{'cd' * 32}  plans.json\n".encode()).hexdigest()


@pytest.mark.parametrize("value", [None, "x", 5, [5], {"GTVp": 5}, [{"kind": "odd", "sentence": "x"}]], ids=str)
def test_facts_of_another_form_are_not_shown(value):
    keys = ("structures", "flags", "provenance", "not_drawn")
    shown = row(done(facts=dict.fromkeys(keys, value)))
    assert (dict(shown.structures), shown.flags, shown.notes, shown.model_sha256) == ({}, (), (), "")
    assert shown.peak_memory_gib is None


def test_flags_of_effort_and_uncertainty_are_columns_of_their_own():
    flags = [
        {"kind": "effort", "sentence": "3 of 5 folds."},
        {"kind": "uncertain", "structure": "GTVn", "sentence": "They disagree."},
    ]
    shown = row(done(facts=facts(flags=flags)))
    assert (shown.given_up, shown.uncertain) == (("3 of 5 folds.",), ("GTVn",))


def test_failed_cases_come_first_then_those_with_most_flags():
    rows = [
        row(done("plain")), row(done("two", facts=facts(flags=[FLAG, FLAG]))), row(failed("bad")),
        row(done("one", facts=facts(flags=[FLAG]))), row(failed("a bad one")),
    ]  # fmt: skip
    assert [one.name for one in in_order(rows)] == ["a bad one", "bad", "two", "one", "plain"]


def test_checksums_name_their_files():
    assert checksums({"b": STAMP, "a": STAMP}) == f"a={'ab' * 32} b={'ab' * 32}"
