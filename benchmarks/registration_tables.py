"""The tables of `registration.py`, from the rows it wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from registration_gate import SPOILS
from registration_methods import OURS

Row = dict[str, Any]
FAILED_MM = 5.0


def tables(rows: Sequence[Row]) -> str:
    """Return both tables in markdown: how far off the methods are, and what the gate noticed."""
    return "\n".join([*_errors(rows), "", *_gate(rows)])


def _errors(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| pairs | method | median error (mm) | 95th percentile (mm) | failures | seconds | processor seconds |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    found = [row for row in rows if row["kind"] == "method"]
    for pairs in dict.fromkeys(row["set"] for row in found):
        for method in dict.fromkeys(row["method"] for row in found):
            mine = [row for row in found if (row["set"], row["method"]) == (pairs, method)]
            if mine:
                lines.append(_error_line(pairs, method, mine))
    return lines


def _error_line(pairs: str, method: str, rows: Sequence[Row]) -> str:
    errors = np.array([row["error_mm"] for row in rows])  # infinite without a result
    # Of an even number the lower of the two in the middle: between a number and infinity there is none.
    middle, high = (f"{error:.2f}" for error in np.percentile(errors, (50, 95), method="inverted_cdf"))
    failed, none = int((errors > FAILED_MM).sum()), int(np.isinf(errors).sum())
    failures = f"{failed} of {len(rows)}" + (f" ({none} without result)" if none else "")
    clock, processor = (np.median([row[name] for row in rows]) for name in ("seconds", "processor_s"))
    return f"| {pairs} | {method} | {middle} | {high} | {failures} | {clock:.1f} | {processor:.1f} |"


def _gate(rows: Sequence[Row]) -> list[str]:
    def line(name: str, wanted: Callable[[Row], bool]) -> list[str]:
        """Return how many of the wanted results there are and how many were refused; nothing where there is none."""
        mine = [row for row in rows if wanted(row)]
        refused = sum(bool(row["objection"]) for row in mine)
        return [f"| {name} | {len(mine)} | {refused} ({refused / len(mine):.0%}) |"] if mine else []

    def by_method(row: Row, *, own: bool, above: float, most: float) -> bool:
        """Say whether a method's own or another's result has an error over the one and at most the other."""
        return row["kind"] == "method" and (row["method"] == OURS) == own and above < row["error_mm"] <= most

    most = float(np.finfo(float).max)
    return [
        "| results | number | refused |",
        "| --- | ---: | ---: |",
        *line("hnseg's, at most 5 mm off", lambda row: by_method(row, own=True, above=-1, most=FAILED_MM)),
        *line("hnseg's, more than 5 mm off", lambda row: by_method(row, own=True, above=FAILED_MM, most=most)),
        *line("the others', at most 3 mm off", lambda row: by_method(row, own=False, above=-1, most=3)),
        *line("the others', 3 to 5 mm off", lambda row: by_method(row, own=False, above=3, most=FAILED_MM)),
        *line("the others', more than 5 mm off", lambda row: by_method(row, own=False, above=FAILED_MM, most=most)),
        *line(
            "right ones disturbed until more than 5 mm off",
            lambda row: row["kind"] == "disturbed" and row["error_mm"] > FAILED_MM,
        ),
        *(
            one
            for how in SPOILS
            for one in line(f"hnseg's of an MR that is spoiled: {how}", lambda row, how=how: row.get("method") == how)
        ),
    ]
