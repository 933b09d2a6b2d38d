import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.judging.logs import Log, read_log
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.running.log_scan import LogFacts, write_facts

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


def test_characters_that_steer_a_terminal_are_escaped(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_bytes("\x1b[2J\x1b[31mred\tµ\u202efdp\x07\n".encode())
    kept = read_log(path, PROFILE)
    assert kept.lines == ("\\x1b[2J\\x1b[31mred\tµ\\u202efdp\\x07",)
    assert kept.is_utf8


def test_a_carriage_return_ends_a_line_and_pushes_others_out(tmp_path):
    path = tmp_path / "stderr.txt"
    bar = "".join(f"\r{percent} %" for percent in range(1000))
    path.write_text(f"loaded\n{bar}\ndone\n", encoding="utf-8", newline="")
    kept = read_log(path, PROFILE)
    assert kept.lines == (*(f"{percent} %" for percent in range(501, 1000)), "done")
    assert kept.pushed_out == 1  # "loaded"; the bar's last state and "done" are there
    assert not kept.has_long_line


def test_a_short_bar_pushes_nothing_out(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"a\r\n" * 400 + b"\r1 %\r2 %\n")
    kept = read_log(path, PROFILE)
    assert (kept.lines[-4:], kept.pushed_out) == (("a", "", "1 %", "2 %"), 0)


def test_a_byte_that_is_not_utf_8_is_found_however_much_follows_it(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"\xb5\n" + b"x" * 79 + b"\n" + (b"y" * 79 + b"\n") * 100_000)
    kept = read_log(path, PROFILE)
    assert (kept.is_utf8, kept.unread_bytes, kept.last) == (False, 8_000_081, "y" * 79)


def test_the_facts_about_what_is_not_kept_are_read_from_beside_the_log(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"end\n")
    write_facts(path, LogFacts(lines=9, longest_line_bytes=70_000, unread_bytes=5))
    kept = read_log(path, PROFILE)
    assert (kept.lines, kept.is_utf8, kept.has_long_line, kept.unread_bytes) == (("end",), False, True, 5)


@pytest.mark.parametrize(("length", "is_long"), [(65_536, False), (65_537, True)])
def test_a_line_is_too_long_from_the_byte_at_which_the_platform_leaves_it_out(tmp_path, length, is_long):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"first\n" + b"x" * length + b"\nlast\n")
    assert read_log(path, PROFILE).has_long_line is is_long


def test_bytes_that_are_not_utf_8_are_shown_by_their_numbers(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"50 \xb5m \xed\xa0\x80\n")
    kept = read_log(path, PROFILE)
    assert (kept.lines, kept.is_utf8) == (("50 \\xb5m \\xed\\xa0\\x80",), False)


def test_of_a_line_that_is_too_long_there_is_the_beginning(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_text("x" * 70_000 + "\nnext\n", encoding="utf-8")
    kept = read_log(path, PROFILE)
    assert kept.has_long_line
    assert [len(line) for line in kept.lines] == [PROFILE.log_line_limit_bytes, 4]
    assert kept.lines[0].endswith("xxx...")


def test_of_one_line_without_an_end_the_last_part_is_kept(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_text("\u4e2d" * 2_000_000, encoding="utf-8")  # three bytes each, so that reading begins inside one
    kept = read_log(path, PROFILE)
    assert kept.has_long_line
    assert kept.is_utf8
    assert kept.last.startswith("\u4e2d\u4e2d")
