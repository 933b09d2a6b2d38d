import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.judging.logs import Log, provenance_in, read_log
from hnseg.rehearsal.profile import profile_of

PROFILE = profile_of(SPEC.limits)


def test_only_the_last_lines_are_kept(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_text("".join(f"line {i}\n" for i in range(1000)), encoding="utf-8")
    kept = read_log(path, PROFILE)
    assert len(kept.lines) == 500
    assert (kept.lines[0], kept.last) == ("line 500", "line 999")


def test_a_log_that_was_never_written_has_no_lines(tmp_path):
    assert read_log(tmp_path / "nothing", PROFILE) == Log(lines=(), is_utf8=True, has_long_line=False)
    assert read_log(tmp_path / "nothing", PROFILE).last == ""


def test_carriage_returns_before_a_newline_and_zero_bytes_are_dropped(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"a\r\n\0b\n\n")
    kept = read_log(path, PROFILE)
    assert (kept.lines, kept.last) == (("a", "b", ""), "b")


@pytest.mark.parametrize(
    ("lines", "provenance"),
    [
        ((), None),
        (("done",), None),
        (("{broken", "[1]"), None),
        (('{"a": 1}', '{"a": 2}', "{broken", "done"), {"a": 2}),
    ],
)
def test_the_provenance_is_the_last_line_that_is_a_json_object(lines, provenance):
    assert provenance_in(Log(lines=lines, is_utf8=True, has_long_line=False)) == provenance
