"""A named part of the body, and its other half."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hnseg.phantom.body.shapes import Capsule, Ellipsoid, Point, Shape, tube
from hnseg.phantom.body.tissues import Tissue


@dataclass(frozen=True)
class Structure:
    """A part of the body.

    Attributes:
        name: What an atlas calls it, paired ones with _L or _R.
        tissue: What it is made of.
        shapes: Where it is: the union of these.
        at_surface: Whether it may lie on or outside the skin; anything else is cut off there.
    """

    name: str
    tissue: Tissue
    shapes: tuple[Shape, ...]
    at_surface: bool = False


def paired(name: str, tissue: Tissue, left: Ellipsoid | Capsule) -> list[Structure]:
    """Return the left structure and its mirror image."""
    return [Structure(f"{name}_L", tissue, (left,)), Structure(f"{name}_R", tissue, (mirror_image(left),))]


def paired_tube(
    name: str, tissue: Tissue, points: Sequence[Point], radii_mm: Sequence[float], squash: Point = (1.0, 1.0, 1.0)
) -> list[Structure]:
    """Return a tube on the left and its mirror image."""
    right = [_mirrored(point) for point in points]
    return [
        Structure(f"{name}_L", tissue, tuple(tube(points, radii_mm, squash))),
        Structure(f"{name}_R", tissue, tuple(tube(right, radii_mm, squash))),
    ]


def mirror_image(shape: Ellipsoid | Capsule) -> Ellipsoid | Capsule:
    """Return the shape on the other side of the body."""
    if isinstance(shape, Ellipsoid):
        return replace(shape, centre=_mirrored(shape.centre))
    return replace(shape, start=_mirrored(shape.start), end=_mirrored(shape.end))


def _mirrored(point: Point) -> Point:
    return (-point[0], point[1], point[2])
