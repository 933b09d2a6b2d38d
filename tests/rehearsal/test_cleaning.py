"""What a hostile container hands over, before it reaches a report."""

import json
import os
import socket

import pytest

from hnseg.rehearsal.cleaning import clean_provenance, clean_text, clean_value, copy_regular_files


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Köln [bold]", "Köln [bold]"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("\ud800", "\\ud800"),
        ("a\rb\0", "a\\rb\\x00"),
        ("a\tb\nc", "a\tb\nc"),
        ("\u202e", "\\u202e"),
    ],
)
def test_what_does_not_print_is_escaped(text, clean):
    assert clean_text(text) == clean
    json.dumps(clean_text(text)).encode()


def test_a_long_text_is_cut_off():
    assert clean_text("a" * 20_000) == "a" * 10_000 + "..."


def test_a_deep_value_ends_in_points():
    deep = []
    for _ in range(900):
        deep = [deep]
    assert json.dumps(clean_value(deep)).count("[") == 12


def test_a_wide_value_is_cut_off():
    assert len(clean_value(list(range(10**5)))) == len(clean_value({str(n): n for n in range(10**5)})) == 1000


def test_numbers_that_json_has_no_form_for_are_none():
    assert clean_value([float("nan"), float("inf"), 1.5, True, None]) == [None, None, 1.5, True, None]


def test_a_provenance_keeps_what_has_the_shape_that_the_core_writes():
    written = {
        "notes": ["a", 3, "\x07"],
        "versions": 5,
        "plans": "many",
        "effort_spent": [],
        "device": "cpu",
        "other": [1],
    }
    assert clean_provenance(written) == {"notes": ["a", "\\x07"], "device": "cpu", "other": [1]}
    assert clean_provenance([1]) is None


def test_only_regular_files_are_copied_and_nothing_is_followed(tmp_path, monkeypatch):
    source, secret = tmp_path / "output", tmp_path / "secret"
    (source / "images/x").mkdir(parents=True)
    (source / "images/x/a.mha").write_bytes(b"label map")
    secret.mkdir()
    (secret / "key").write_text("secret")
    (source / "file").symlink_to(secret / "key")
    (source / "folder").symlink_to(secret)
    (source / "loop").symlink_to(source)
    os.mkfifo(source / "pipe")
    monkeypatch.chdir(source)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    left_out = copy_regular_files(source, tmp_path / "kept")
    kept = sorted(path.relative_to(tmp_path / "kept").as_posix() for path in (tmp_path / "kept").rglob("*"))
    assert kept == ["images", "images/x", "images/x/a.mha"]
    assert sorted(left_out) == [
        "file (a link)",
        "folder (a link)",
        "loop (a link)",
        "pipe (a pipe)",
        "socket (a socket)",
    ]
    assert (tmp_path / "kept/images/x/a.mha").read_bytes() == b"label map"


def test_names_of_what_was_left_out_are_clean(tmp_path):
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "a\x1b[2J").symlink_to("nowhere")
    assert copy_regular_files(tmp_path / "output", tmp_path / "kept") == ["a\\x1b[2J (a link)"]
