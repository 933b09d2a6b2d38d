"""Streams of programs that write much, nothing, or for ever."""

import os
import subprocess
import sys
import time

from hnseg.rehearsal.running.log_scan import LogFacts, facts_of
from hnseg.rehearsal.running.stream import StreamEnd, logged_to


def started(stream, program):
    process = subprocess.Popen([sys.executable, "-c", program], stdout=stream.writer)
    stream.close_writer()
    return process


def test_what_a_program_wrote_is_kept():
    stream = StreamEnd()
    started(stream, "print('a'); print('b', end='')").wait()
    assert stream.end() == b"a\nb"
    assert stream.end() == b"a\nb"


def test_of_gigabytes_the_end_is_kept_and_the_writer_never_waits():
    stream = StreamEnd(most_bytes=1 << 20)
    program = "import os\nfor _ in range(300): os.write(1, b'x' * (1 << 20))\nos.write(1, b'last')"
    assert started(stream, program).wait(timeout=60) == 0
    first, _, kept = stream.end().partition(b"\n")
    left_out = int(first.split()[0].strip(b"["))
    assert left_out + len(kept) == (300 << 20) + 4
    assert len(kept) <= 1 << 20
    assert kept.endswith(b"xlast")


def test_what_is_not_kept_is_scanned_too():
    stream = StreamEnd(most_bytes=1 << 20)
    program = "import os\nos.write(1, b'\\xff\\n')\nfor _ in range(30): os.write(1, b'x' * (1 << 20))"
    assert started(stream, program).wait(timeout=60) == 0
    assert b"\xff" not in stream.end()
    assert stream.scan.facts() == LogFacts(lines=2, longest_line_bytes=30 << 20, unread_bytes=1 + (30 << 20))


def test_a_process_that_keeps_the_stream_open_is_not_waited_for():
    stream = StreamEnd()
    began = time.monotonic()
    started(stream, "import os, time\nprint('done', flush=True)\nif os.fork() == 0: time.sleep(60)").wait()
    assert stream.end() == b"done\n"
    assert time.monotonic() - began < 30


def test_a_stream_is_cut_while_it_goes_on(tmp_path):
    stream = StreamEnd()
    os.write(stream.writer, b"first\n\xff\n")
    stream.cut_to(tmp_path / "first.txt")
    os.write(stream.writer, b"second\n")
    stream.cut_to(tmp_path / "second.txt")
    assert not stream.is_closed
    stream.end_to(tmp_path / "third.txt")
    written = [tmp_path / f"{name}.txt" for name in ("first", "second", "third")]
    assert [file.read_bytes() for file in written] == [b"first\n\xff\n", b"second\n", b""]
    assert [facts_of(file).unread_bytes for file in written] == [1, None, None]


def test_a_stream_is_closed_when_nobody_can_write_to_it_any_more():
    stream = StreamEnd()
    assert stream.pipe.startswith("pipe:[")
    stream.close_writer()
    stream.end()
    assert (stream.is_closed, stream.pipe) == (True, "")


def test_logs_are_written_when_the_block_ends(tmp_path):
    files = tmp_path / "stdout.txt", tmp_path / "stderr.txt"
    with logged_to(*files) as streams:
        os.write(streams[0].writer, b"out")
    assert [file.read_bytes() for file in files] == [b"out", b""]
    assert [facts_of(file).lines for file in files] == [1, 0]


def test_a_listener_that_is_gone_stops_no_program():
    def gone(_block):
        raise BrokenPipeError

    stream = StreamEnd()
    stream.listener = gone
    assert started(stream, "print('x' * 300_000)").wait(timeout=60) == 0
    assert len(stream.end()) == 300_001
