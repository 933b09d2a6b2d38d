"""Entries of an output that are no regular files, as the platform would take them."""

from pathlib import Path, PurePosixPath

import pytest

from hnseg.rehearsal.judging.left_out import judge_left_out
from hnseg.rehearsal.running.collection import Collection, Kind, LeftOut
from tests.support.answering.spec import EDITIONS

SPEC = EDITIONS["asking"]


def judge(*left_out, is_complete=True):
    return judge_left_out(Collection(Path("kept"), (), tuple(left_out), is_complete), SPEC)


def entry(path, kind, target=""):
    return LeftOut(PurePosixPath(path), kind, target)


def test_regular_files_have_no_findings():
    assert judge() == []


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_sentence_with_the_path(kind):
    (finding,) = judge(entry("debug/x", kind))
    assert finding.stage == "import"
    assert finding.platform_says.startswith("The output image was too large" if kind is Kind.TOO_LARGE else "")
    assert finding.explanation.startswith("In /output, debug/x: ")


@pytest.mark.parametrize(
    ("path", "kind", "severity"),
    [
        ("debug", Kind.LINK, "failure"),
        ("debug", Kind.LINK_OUT, "failure"),
        ("debug", Kind.NOT_UTF8, "failure"),
        ("debug", Kind.TOO_DEEP, "failure"),
        ("debug", Kind.TOO_LARGE, "failure"),
        (f"{SPEC.output.relative_path}/output.mha", Kind.FIFO, "warning"),  # the import says that there is no image
        ("debug", Kind.SOCKET, "warning"),
        ("debug", Kind.DEVICE, "warning"),
        ("debug", Kind.UNREADABLE, "warning"),
        ("images", Kind.UNREADABLE, "failure"),
        (".", Kind.UNREADABLE, "failure"),
        (f"{SPEC.output.relative_path}/deep/a", Kind.UNREADABLE, "failure"),
        ("more/volume.json", Kind.UNREADABLE, "failure"),
        ("more/volume.json.bak", Kind.UNREADABLE, "warning"),
        ("stage.json", Kind.UNNAMEABLE, "failure"),
    ],
)
def test_what_the_platform_or_the_verdict_needs_fails_the_case(path, kind, severity):
    (finding,) = judge(entry(path, kind))
    assert finding.severity == severity


def test_a_link_is_named_with_its_target():
    (finding,) = judge(entry("a", Kind.LINK, "debug"))
    assert "a to debug: is a link. It leads to a folder or to nothing" in finding.explanation


def test_a_link_out_of_the_output_is_named_as_stricter_than_the_platform():
    (finding,) = judge(entry("a", Kind.LINK_OUT, "/etc/passwd"))
    assert "a to /etc/passwd: is a link. It leads out of /output" in finding.explanation
    assert "stricter than the platform" in finding.explanation


def test_many_entries_of_a_kind_are_one_finding():
    (finding,) = judge(*(entry(f"{n}", Kind.FIFO) for n in range(7)))
    assert finding.explanation.startswith("In /output, 0, 1, 2, 3, 4 and 2 more: each is a FIFO.")


def test_more_entries_than_are_looked_at_fail_the_case():
    (finding,) = judge(is_complete=False)
    assert finding.severity == "failure"
    assert finding.platform_says == ""
    assert "holds over 5,000 files and folders" in finding.explanation


def test_more_files_of_a_socket_than_are_listed_have_the_platforms_sentence():
    files = tuple(PurePosixPath(SPEC.output.relative_path, f"{n}") for n in range(1001))
    (finding,) = judge_left_out(Collection(Path("kept"), files, (), is_complete=False), SPEC)
    assert finding.platform_says == f"Too many files produced in '{SPEC.output.relative_path}'"
