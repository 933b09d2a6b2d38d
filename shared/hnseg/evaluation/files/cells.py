"""Cells of a table that mean a number, yes or no, or nothing."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]?(inf|infinity)|nan", flags=re.ASCII | re.IGNORECASE)
_UNKNOWN = frozenset({"", "-", ".", "?", "nan", "na", "n/a", "#n/a", "none", "null", "unknown", "missing"})
_TRUTHS = {
    **dict.fromkeys(("1", "yes", "y", "true", "t"), True),
    **dict.fromkeys(("0", "no", "n", "false", "f"), False),
}


def number_in(cell: str) -> float | None:
    """Return the number in a cell, which may be NaN or infinite; None where it holds none.

    Only digits of ASCII with a point are one: neither a decimal comma nor an underscore, as Python's float takes it.

    >>> number_in("8.5e1"), number_in("0,85"), number_in("1_0")
    (85.0, None, None)
    """
    return float(cell) if _NUMBER.fullmatch(cell.strip()) else None


def has_decimal_comma(cell: str) -> bool:
    """Return whether a cell is a number with a comma in it.

    >>> has_decimal_comma("812,5"), has_decimal_comma("1.234,5"), has_decimal_comma("N2, N3")
    (True, True, False)
    """
    return re.fullmatch(r"[+-]?[\d.]*,\d+(\.\d+)?", cell.strip(), flags=re.ASCII) is not None


def with_decimal_point(cell: str) -> str | None:
    """Return a number that has a comma in it with a point as its decimal sign, and without signs between thousands.

    Args:
        cell: Cell that `has_decimal_comma`.

    Returns:
        None where the comma may be either, as in 1,234.

    >>> [with_decimal_point(cell) for cell in ("812,5", "1.234,5", "1,234.5", "0,853", "1,234")]
    ['812.5', '1234.5', '1234.5', '0.853', None]
    """
    text = cell.strip()
    if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text, flags=re.ASCII):
        return None
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}\.\d+", text, flags=re.ASCII):
        return text.replace(",", "")
    if re.fullmatch(r"[+-]?(\d*|\d{1,3}(\.\d{3})+),\d+", text, flags=re.ASCII):
        return text.replace(".", "").replace(",", ".")
    return None


def cause_of(cell: str) -> str:
    """Return the likely cause of a cell that should be a number and is none, as the end of an error sentence.

    >>> cause_of("0,85")
    ' Is the decimal sign a comma? It must be a point.'
    """
    return " Is the decimal sign a comma? It must be a point." if has_decimal_comma(cell) else ""


def truth_in(value: object) -> bool | None:
    """Return the answer that a cell or a JSON value holds where yes or no is meant; None where it holds neither.

    >>> truth_in("Yes"), truth_in("0.0"), truth_in(True), truth_in("2")
    (True, False, True, None)
    """
    if isinstance(value, bool):
        return value
    return _TRUTHS.get(re.sub(r"\.0*$", "", str(value).strip().lower()))


def is_unknown(cell: str) -> bool:
    """Return whether a cell says that nothing is known.

    >>> is_unknown("NaN"), is_unknown(" "), is_unknown("0")
    (True, True, False)
    """
    return cell.strip().lower() in _UNKNOWN
