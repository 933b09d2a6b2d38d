"""Elements of a DICOM file: read from files that may be anything, and as the plain values that they should hold.

Values of a header can name a patient, and pydicom's own warnings and errors quote them: neither reaches a log here.
"""

from __future__ import annotations

import logging
import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pydicom import Dataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from hnseg.errors import HeaderError

for _library in ("pydicom", "highdicom"):
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)

_PREAMBLE_BYTES = 128
_PREFIX = b"DICM"
_ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")  # of little and of big endian
_MOST_ITEMS = 100_000
_PART_BYTES = 16 << 20
_BROKEN = (
    *(ArithmeticError, AttributeError, EOFError, KeyError, IndexError, NotImplementedError, RecursionError, TypeError),
    *(ValueError, BytesLengthException, InvalidDicomError, struct.error, zlib.error),
)


def is_dicom(path: Path) -> bool:
    """Return whether a file begins as a DICOM file does; only regular files are opened.

    Raises:
        OSError: The file can't be read.
    """
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(_PREAMBLE_BYTES + len(_PREFIX))[_PREAMBLE_BYTES:] == _PREFIX


def check_items(file: BinaryIO) -> None:
    """Refuse a file with more items of sequences than any image has; they cost memory and minutes. Go to its start.

    Args:
        file: File, open at any place.

    Raises:
        HeaderError: It has over 100 000 items.
        OSError: It can't be read.
    """
    file.seek(0)
    count, end = 0, b""
    while part := file.read(_PART_BYTES):
        count += sum((end + part).count(item) for item in _ITEMS)
        end = part[-3:]
        if count > _MOST_ITEMS:
            raise HeaderError(f"it has over {_MOST_ITEMS} items")
    file.seek(0)


@contextmanager
def damage_as_header_error() -> Iterator[None]:
    """Make what pydicom raises at a damaged or hostile file a `HeaderError` that quotes no value; silence its warnings.

    Elements are decoded when they are first asked for, so that must be done inside the block too.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except HeaderError:
        raise
    except _BROKEN as error:
        raise HeaderError(f"it is cut off or damaged ({type(error).__name__})") from error


def text_of(elements: Dataset, keyword: str) -> str:
    """Return the text of an element without blanks around it; empty where it is missing, empty or no text."""
    value = elements.get(keyword)
    return str(value).strip() if isinstance(value, str) else ""


def uid_of(elements: Dataset, keyword: str) -> str:
    """Return an element's unique identifier.

    Raises:
        HeaderError: It is missing, or no identifier.
    """
    text = text_of(elements, keyword)
    if not text:
        raise HeaderError(f"it has no {keyword}")
    if len(text) > 64 or not text.isascii() or set(text) - set("0123456789."):
        raise HeaderError(f"its {keyword} is not a unique identifier")
    return text


def numbers_of(elements: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    """Return an element's numbers.

    Args:
        elements: Elements of a file or an item.
        keyword: Name of the element.
        count: Number of values that it must have.

    Raises:
        HeaderError: It is missing, has another number of values, or one that is no finite number.
    """
    value: Any = elements.get(keyword)
    if value is None or value == "":
        raise HeaderError(f"it has no {keyword}")
    values = [value] if isinstance(value, (str, float, int)) else list(value)
    if len(values) != count:
        raise HeaderError(f"its {keyword} has {len(values)} values, not {count}")
    try:
        numbers = tuple(float(each) for each in values)
    except (TypeError, ValueError) as error:
        raise HeaderError(f"its {keyword} is not a number") from error
    if not all(math.isfinite(number) for number in numbers):
        raise HeaderError(f"its {keyword} is not finite")
    return numbers


def count_of(elements: Dataset, keyword: str) -> int:
    """Return an element's whole number over 0.

    Raises:
        HeaderError: It is missing, or no such number.
    """
    (number,) = numbers_of(elements, keyword, 1)
    if number < 1 or number != int(number):
        raise HeaderError(f"its {keyword} is {number:g}, and must be a whole number over 0")
    return int(number)


def items_of(elements: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; none where it is missing or empty.

    Raises:
        HeaderError: It is no sequence.
    """
    value: Any = elements.get(keyword)
    if value is None:
        return []
    if isinstance(value, (str, bytes)) or not all(isinstance(item, Dataset) for item in value):
        raise HeaderError(f"its {keyword} is not a sequence")
    return list(value)
