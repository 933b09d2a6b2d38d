"""Clicks from the platform's "Multiple points" file, and clicks of our own names.

`{"points": [{"name": "tumor", "point": [x, y, z]}, ...], "type": "Multiple points", "version": {...}}`. autoPET IV has
the names `tumor` and `background`, and points as voxel indices (x, y, z) of the image (lab-midas/autoPETCTIV, 80af68d).
Beside those: the name of a structure, or `not` and the name; and `"unit": "mm"` for points in the world, LPS.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import Grid
from hnseg.imaging.prompts.click import Click
from hnseg.printable import printable

MOST_CLICKS = 500  # in a file
_MOST_PROBABLE = {"tumor": True, "background": False}
_NEGATIVE = "not "
_UNITS = ("voxel", "mm")
_FARTHEST = 1e6  # voxels or mm


@dataclass(frozen=True)
class ClicksFile:
    """Clicks of a file, and what was wrong with others.

    Attributes:
        clicks: Clicks that can be used, in the file's order.
        problems: Sentences on what can't be used, each with its cause.
    """

    clicks: tuple[Click, ...]
    problems: tuple[str, ...] = ()


def parse_clicks(value: Any, grid: Grid, structures: Sequence[str]) -> ClicksFile:
    """Return the clicks of a parsed JSON file.

    Args:
        value: JSON value of the file, of any content.
        grid: Grid of the image on which was clicked.
        structures: Names of the structures that may be clicked.
    """
    points = value.get("points") if isinstance(value, Mapping) else None
    if not isinstance(points, list):
        found = f"are a {type(value).__name__} without one" if points is None else f"have a {type(points).__name__}"
        return ClicksFile(
            (), (f"The clicks must be an object with a list of points, but {found}. Is it another file?",)
        )
    unit = value.get("unit", "voxel")
    if unit not in _UNITS:
        return ClicksFile(
            (),
            (f"The unit of the clicks must be voxel or mm, but is {_quoted(unit)}. Was it written by another tool?",),
        )
    clicks, problems = [], []
    for number, point in enumerate(points[:MOST_CLICKS], 1):
        click = _click(point, grid, structures, is_mm=unit == "mm")
        if isinstance(click, Click):
            clicks.append(click)
        else:
            problems.append(f"Click {number} must {click}")
    if len(points) > MOST_CLICKS:
        problems.append(f"There must be at most {MOST_CLICKS} clicks, but are {len(points)}; the first ones are used.")
    return ClicksFile(tuple(clicks), tuple(problems))


def _click(point: Any, grid: Grid, structures: Sequence[str], *, is_mm: bool) -> Click | str:
    """Return a click, or what it must be and was found to be, to follow "must"."""
    name, place = (point.get("name"), point.get("point")) if isinstance(point, Mapping) else (None, None)
    meaning = _meaning(name, structures)
    if meaning is None:
        known = ", ".join([*_MOST_PROBABLE, *structures, *(f"{_NEGATIVE}{each}" for each in structures)])
        return f"be named one of {known}, but is named {_quoted(name)}. Is it meant for another model?"
    if not _is_place(place):
        return f"have a point of three finite numbers, but has {_quoted(place)}. Was it edited, or is it NaN?"
    given = np.array([place], dtype=np.float64)
    index_xyz = grid.index_xyz(given) if is_mm else given
    if outside := _outside(index_xyz[0], grid, other="voxel indices" if is_mm else "millimetres"):
        return outside
    x, y, z = (given if is_mm else grid.points_mm(given))[0].tolist()
    return Click(*meaning, (x, y, z))


def _outside(index_xyz: npt.NDArray[np.float64], grid: Grid, *, other: str) -> str:
    """Return what a click outside the image must be, to follow "must"; "" for one inside."""
    if all(-0.5 <= each < size - 0.5 for each, size in zip(index_xyz, grid.size_xyz, strict=True)):
        return ""
    return (
        f"lie in the image of {' x '.join(map(str, grid.size_xyz))} voxels, but lies at voxel"
        f" {tuple(round(float(each), 1) for each in index_xyz)}. Is it in {other}, or of another image?"
    )


def _meaning(name: Any, structures: Sequence[str]) -> tuple[str | None, bool] | None:
    """Return the structure that a name means, None for the most probable, and whether it is there; None if unknown."""
    if not isinstance(name, str):
        return None
    if name in structures:
        return name, True
    if name.startswith(_NEGATIVE) and name.removeprefix(_NEGATIVE) in structures:
        return name.removeprefix(_NEGATIVE), False
    return (None, _MOST_PROBABLE[name]) if name in _MOST_PROBABLE else None


def _is_place(place: Any) -> bool:
    """Return whether a value is three finite numbers."""
    if not isinstance(place, list) or len(place) != 3:
        return False
    return all(
        isinstance(each, (int, float)) and not isinstance(each, bool) and abs(each) < _FARTHEST  # NaN is not
        for each in place
    )


def _quoted(value: Any) -> str:
    return printable(repr(value))[:60]
