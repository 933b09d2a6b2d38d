"""Printable form of texts of other origin."""

import sys

import pytest

from hnseg.printable import is_utf8, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("GTVp [left] \u00b5\u00df \u4e2d & <b>", "GTVp [left] \u00b5\u00df \u4e2d & <b>"),
        ("a\tb\u00a0c", "a\tb\u00a0c"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\nb\rc\x00", "a\\nb\\rc\\x00"),
        ("\x9b31m", "\\x9b31m"),
        ("\u2028\u202e\ud800\ufeff", "\\u2028\\u202e\\ud800\\ufeff"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_can_not_be_seen_is_an_escape(text, shown):
    assert printable(text) == shown


def test_every_character_of_every_text_can_be_written_to_a_file_and_keeps_its_line():
    shown = printable("".join(map(chr, range(sys.maxunicode + 1))))
    assert len(shown.encode().splitlines()) == 1
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown


def test_a_long_text_is_cut_with_dots():
    assert printable("abcdef", longest=6) == "abcdef"
    assert printable("abcdefg", longest=6) == "abc..."


@pytest.mark.parametrize(("path", "expected"), [("", True), ("caf\u00e9\n", True), ("caf\udce9", False)])
def test_a_path_with_bytes_that_are_no_text_is_not_utf_8(path, expected):
    assert is_utf8(path) == expected
