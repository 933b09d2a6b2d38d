"""Text of a CSV file: its encoding and its separator, found in the file itself.

Programs write UTF-8; spreadsheets write UTF-8 with a byte order mark, UTF-16, or the code page of western Windows, and
separate cells by semicolons or tabs where the comma is the decimal sign.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError

LARGEST_MIB = 64
"""Largest file that is read: some hundred times the scores of a challenge."""
SEPARATORS = ("\t", ";", "|", ",")
"""Separators of cells; where a heading has two of them equally often, the first of them counts."""

# The marks of UTF-32 begin with those of UTF-16, so that they come first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DISGUISES = (
    (
        b"PK\x03\x04",
        "it is a workbook (.xlsx, .ods) or another zip archive, whatever its name: open it and save its sheet as CSV",
    ),
    (b"\xd0\xcf\x11\xe0", "it is a workbook of old spreadsheet programs (.xls): open it and save its sheet as CSV"),
    (b"\x1f\x8b", "it is compressed by gzip: unpack it"),
    (b"<", "it is a web page: was a login asked for in place of the download?"),
)
"""First bytes of files that are often named .csv and are none, and what they are."""
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")


def read_text(path: Path, *, subject: str) -> str:
    """Read the text of a table, with its line ends as they are.

    The encoding is that of the byte order mark. Without one it is UTF-16 where many bytes are 0, else UTF-8, or
    where the file is not that, windows-1252, which has the letters of Latin-1.

    Args:
        path: The file.
        subject: First words of an error sentence, such as "The scores".

    Raises:
        InputError: The file is missing, unreadable, larger than `LARGEST_MIB` or no text.
    """
    try:
        content = read_bounded(path, most_mib=LARGEST_MIB)
    except (OSError, ValueError) as error:  # a ValueError for a path that no file can have
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{subject} must be a readable file, but {path} is not: {reason}.") from error
    try:
        _check_no_disguise(content)
        return _decoded(content)
    except ValueError as error:
        raise InputError(f"{subject} must be a CSV file in UTF-8, but {path} can't be read as one: {error}.") from error


def separator_of(heading: str) -> str:
    r"""Return the separator of a heading: the one that stands most often outside quotation marks, or the comma.

    >>> separator_of('PatientID;"RFS (days, censored)";Relapse'), separator_of("name")
    (';', ',')
    """
    bare = re.sub(r'"[^"]*"', "", heading)
    most = max(map(bare.count, SEPARATORS))
    return next(one for one in SEPARATORS if bare.count(one) == most) if most else ","


def _check_no_disguise(content: bytes) -> None:
    """Raise ValueError for the content of a file of another kind, with its cure."""
    start = content.removeprefix(codecs.BOM_UTF8).lstrip()
    for first, what in _DISGUISES:
        if start.startswith(first):
            raise ValueError(what)


def _decoded(content: bytes) -> str:
    """Return the text of a file; ValueError where it is none."""
    try:
        text = content.decode(_encoding_of(content))
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no text in {error.encoding}; save it again as CSV from the spreadsheet") from error
    if found := _CONTROL.search(text):
        raise ValueError(f"it holds the control character {ord(found[0])}")
    return text


def _encoding_of(content: bytes) -> str:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return encoding
    if 4 * content.count(0) > len(content):
        return "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"
