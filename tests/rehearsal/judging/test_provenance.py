"""Provenance of any container."""

import hashlib

import pytest

from hnseg.rehearsal.judging.logs import Log
from hnseg.rehearsal.judging.provenance import ShownProvenance, model_checksum, provenance_in


def log(*lines):
    return Log(lines=lines, is_utf8=True, has_long_line=False)


@pytest.mark.parametrize(
    ("lines", "provenance"),
    [
        ((), None),
        (("done",), None),
        (("{broken", "[1]"), None),
        (('{"a": 1}', '{"a": 2}', "{broken", "done"), {"a": 2}),
        (('{"a": 1}', '{"a":' * 5000), {"a": 1}),
        (('{"a": 1}', '{"a":' * 5000 + "1" + "}" * 5000), {"a": 1}),
        ((r'{"a\ud800": "\udfff", "b": NaN, "c": 1e999}',), {"a\\ud800": "\\udfff", "b": None, "c": None}),
    ],
)
def test_the_provenance_is_the_last_line_that_is_a_json_object_within_bounds(lines, provenance):
    assert provenance_in(log(*lines)) == provenance


@pytest.mark.parametrize("provenance", [None, {}, {"notes": 7, "versions": ["torch"]}, {"notes": {"a": 1}}], ids=str)
def test_what_has_another_form_is_not_shown(provenance):
    assert ShownProvenance.of(provenance) == ShownProvenance()


def test_texts_are_shown_and_other_members_left_out():
    shown = ShownProvenance.of({"notes": ["a", 1, None, ["b"]], "versions": {"torch": "2.9", "numpy": 2, "x": None}})
    assert shown.notes == ("a",)
    assert shown.versions == {"torch": "2.9"}


def test_flags_are_shown_where_they_are_as_the_core_writes_them():
    flag = {"kind": "side", "structure": "Parotid_L", "sentence": "It lies to the right."}
    others = ({"kind": "other", "sentence": "x"}, 7, flag | {"sentence": "x" * 2000}, flag | {"more": 1})
    shown = ShownProvenance.of({"structure_flags": [flag, *others]})
    assert [each.model_dump() for each in shown.structure_flags] == [flag]
    assert ShownProvenance.of({"structure_flags": "side"}).structure_flags == ()


def test_only_so_much_is_shown_as_a_reader_reads():
    shown = ShownProvenance.of({"notes": ["x" * 5000] * 5000, "versions": {str(n): "1" for n in range(5000)}})
    assert {len(note) for note in shown.notes} == {1000}
    assert (len(shown.notes), len(shown.versions)) == (100, 100)


def test_the_models_checksum_is_over_the_files_that_the_container_read():
    told = {"model_sha256": {"plans.json": "cd" * 32, "fold_0.safetensors": "ab" * 32}}
    lines = f"{'ab' * 32}  fold_0.safetensors\n{'cd' * 32}  plans.json\n"
    assert model_checksum(told) == hashlib.sha256(lines.encode()).hexdigest()


@pytest.mark.parametrize("provenance", [None, {}, {"model_sha256": 7}, {"model_sha256": {"a": ["b"]}}], ids=str)
def test_a_provenance_without_checksums_has_no_models_checksum(provenance):
    assert model_checksum(provenance) == ""
