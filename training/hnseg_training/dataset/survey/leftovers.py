"""Leftovers of public data: files and folders that are not converted and were not understood, in groups."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from hnseg.imaging.files.visible import beside
from hnseg.printable import printable

logger = logging.getLogger(__name__)

_SHOWN = 5  # groups in the log
_DIGITS = re.compile(r"\d+")


def leftovers_in(root: Path, taken: Collection[Path], *, known: Callable[[Path], bool] | None = None) -> Iterator[str]:
    """Yield what lies in a folder and is not converted, a folder without any converted file as a whole.

    Args:
        root: Folder of the data.
        taken: Files that are converted.
        known: Whether a path is a known part of the data that the method has no use for; it is not yielded.
    """
    for path in beside(root, taken):
        if known is None or not known(path):
            yield f"{path.relative_to(root)}{'/' if path.is_dir() else ''}"


def grouped(leftovers: Sequence[str]) -> list[str]:
    """Return leftovers in groups of names that differ in numbers only, the largest group first.

    >>> grouped(["1/midRT/1_T1.nii.gz", "2/midRT/2_T1.nii.gz", "read me.txt", "CHUM-004_v2/"])
    ['1/midRT/1_T1.nii.gz and 1 more like it', 'CHUM-004_v2/', 'read me.txt']
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(leftovers):
        groups.setdefault(_DIGITS.sub("#", name), []).append(name)
    ordered = sorted(groups.values(), key=lambda group: (-len(group), group[0]))
    return [printable(group[0]) + (f" and {len(group) - 1} more like it" if group[1:] else "") for group in ordered]


def log_leftovers(leftovers: Sequence[str]) -> None:
    """Log the groups of leftovers, the five largest by name; nothing where there are none."""
    groups = grouped(leftovers)
    if groups:
        more = f"; and {len(groups) - _SHOWN} other kinds, in conversion.json" if len(groups) > _SHOWN else ""
        logger.info("not understood, and not converted: %s%s", "; ".join(groups[:_SHOWN]), more)
