import pytest

from hnseg.rehearsal.running.log_scan import BLOCK_BYTES, LogFacts, LogScan, facts_of, write_facts


def scanned(*blocks):
    scan = LogScan()
    for block in blocks:
        scan.add(block)
    return scan.facts()


def test_an_empty_log_has_no_lines():
    assert scanned() == LogFacts(lines=0, longest_line_bytes=0, unread_bytes=None)


def test_lines_are_counted_with_one_that_has_no_end():
    assert scanned(b"a\nb", b"c\n\nd").lines == 4
    assert scanned(b"a\n", b"b\n").lines == 2


def test_a_line_over_several_blocks_has_its_whole_length():
    assert scanned(b"a\nbb", b"b" * 10, b"b\nc\n").longest_line_bytes == 13
    assert scanned(b"a\n", b"b" * 10).longest_line_bytes == 10


@pytest.mark.parametrize("cut", range(1, 5))
def test_a_character_over_two_blocks_is_utf_8(cut):
    text = "\U0001f9e0\n".encode()
    assert scanned(text[:cut], text[cut:]).unread_bytes is None


@pytest.mark.parametrize(
    ("blocks", "unread"),
    [
        ((b"a\xffbc\n", b"12345"), 8),
        ((b"a\n", b"\xb5"), 0),
        ((b"a\xe4\xbd", b"bc"), 2),  # the rest of the character is missing
        ((b"a\xe4\xbd",), 0),  # and here the rest of the log
        ((b"\xed\xa0\x80",), 2),  # half of a surrogate pair
        ((b"\xc3\0\xa9",), None),  # zero bytes are taken away before
    ],
)
def test_bytes_after_the_first_that_is_not_utf_8_are_counted(blocks, unread):
    assert scanned(*blocks).unread_bytes == unread


def test_facts_are_those_beside_the_log_or_those_of_the_log(tmp_path):
    log = tmp_path / "stdout.txt"
    log.write_bytes(b"x" * (BLOCK_BYTES + 1) + b"\n\xff")
    assert facts_of(log) == LogFacts(lines=2, longest_line_bytes=BLOCK_BYTES + 1, unread_bytes=0)
    write_facts(log, LogFacts(lines=7, longest_line_bytes=8, unread_bytes=None))
    assert facts_of(log) == LogFacts(lines=7, longest_line_bytes=8, unread_bytes=None)
