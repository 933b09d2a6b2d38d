"""Structures of the body: named parts, single or as mirror images on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hnseg.phantom.body.shapes import Capsule, Ellipsoid, Point, Shape, tube
from hnseg.phantom.body.tissues import Tissue


@dataclass(frozen=True)
class Structure:
    """Part of the body, of one tissue.

    Attributes:
        name: Name as in an atlas, with _L or _R for one of two sides.
        tissue: Tissue of the structure.
        shapes: Shapes whose union is the structure.
        at_surface: Whether it may lie on or outside the skin; any other structure is cut off there.
    """

    name: str
    tissue: Tissue
    shapes: tuple[Shape, ...]
    at_surface: bool = False


def paired(name: str, tissue: Tissue, left: Ellipsoid | Capsule) -> list[Structure]:
    """Return a left structure of one shape, and its mirror image."""
    return [Structure(f"{name}_L", tissue, (left,)), Structure(f"{name}_R", tissue, (mirror_image(left),))]


def paired_tube(
    name: str, tissue: Tissue, points: Sequence[Point], radii_mm: Sequence[float], squash: Point = (1.0, 1.0, 1.0)
) -> list[Structure]:
    """Return a tube on the left, given as for `tube`, and its mirror image."""
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
