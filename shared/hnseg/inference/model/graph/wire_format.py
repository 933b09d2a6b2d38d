"""Wire format of Protocol Buffers, read field by field without its schema.

Source: "Encoding", protobuf.dev/programming-guides/encoding. Large fields are views of the file, which is mapped into
memory, so that weights that nobody asks for are not read.
"""

from __future__ import annotations

from collections.abc import Iterator

Value = int | memoryview
"""Number of a varint; bytes of any other field, those of fixed size with them."""

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10  # bytes, of 64 bits
_FIXED = {_EIGHT_BYTES: 8, _FOUR_BYTES: 4}


def fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Yield the fields of a message: the number of each, and its value.

    Raises:
        ValueError: The bytes are no such message.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"a field of the unknown kind {kind}")
        if at + size > len(message):
            raise ValueError("a field that is longer than its message")
        yield key >> 3, message[at : at + size]
        at += size


def parts(message: memoryview, number: int) -> Iterator[memoryview]:
    """Yield the values of a field of bytes, such as messages within a message.

    Raises:
        ValueError: The bytes are no message, or the field is none of bytes.
    """
    for found, value in fields(message):
        if found == number:
            if isinstance(value, int):
                raise ValueError(f"a number in the field {number}")
            yield value


def numbers(message: memoryview, number: int) -> Iterator[int]:
    """Yield the values of a field of numbers that are not packed.

    Raises:
        ValueError: The bytes are no message, or the field is none of numbers.
    """
    for found, value in fields(message):
        if found == number:
            if not isinstance(value, int):
                raise ValueError(f"bytes in the field {number}")
            yield value


def text(message: memoryview, number: int) -> str:
    """Return the last value of a field of text, which counts; "" where there is none.

    Raises:
        ValueError: The bytes are no message, or the field is no text in UTF-8.
    """
    return "".join([bytes(value).decode("utf-8") for value in parts(message, number)][-1:])


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at a byte, and the byte after it."""
    value = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    raise ValueError("a number without an end")
