"""Variation of organs between patients, besides build and smooth bends: each organ's own position and size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from hnseg.phantom.body.shapes import Capsule, Ellipsoid, Point, Shape
from hnseg.phantom.body.structure import Structure

_PLACE_MM, _SIZE = 0.9, 0.05


@dataclass(frozen=True)
class Change:
    """Change of an organ: a stretch about its middle, then a shift.

    Attributes:
        shift_mm: Shift, (x, y, z).
        stretch: Factors of the size along each axis, (x, y, z).
    """

    shift_mm: Point
    stretch: Point

    def of(self, shape: Shape, middle: Point) -> Shape:
        """Return the changed shape of an organ.

        Args:
            shape: Part of the organ; a contour comes back unchanged.
            middle: Middle of the organ, (x, y, z).
        """
        if isinstance(shape, Ellipsoid):
            radii = np.array(shape.radii) * self.stretch
            return replace(shape, centre=self._moved(shape.centre, middle), radii=tuple(radii.tolist()))
        if isinstance(shape, Capsule):
            squash = np.array(shape.squash) * self.stretch
            start, end = self._moved(shape.start, middle), self._moved(shape.end, middle)
            return replace(shape, start=start, end=end, squash=tuple(squash.tolist()))
        return shape

    def _moved(self, point: Point, middle: Point) -> Point:
        away = (np.array(point) - middle) * self.stretch
        x, y, z = (np.array(middle) + away + self.shift_mm).tolist()
        return (x, y, z)


@dataclass(frozen=True)
class Variation:
    """Changes of all organs of a patient.

    Attributes:
        changes: Change of each organ by the names of its structures; the middle of the first is the organ's.
    """

    changes: Mapping[tuple[str, ...], Change]

    @classmethod
    def draw(cls, rng: np.random.Generator, organs: Iterable[tuple[str, ...]]) -> Variation:
        """Draw the changes of a patient: about 1 mm and 5 %, never more than two and a half times as much.

        Args:
            rng: Source of randomness.
            organs: Names of the structures of each organ.
        """

        def one() -> Change:
            """Draw the change of one organ."""
            shift, growth = np.clip(rng.standard_normal((2, 3)), -2.5, 2.5)
            x, y, z = (_PLACE_MM * shift).tolist()
            a, b, c = (1 + _SIZE * growth).tolist()
            return Change((x, y, z), (a, b, c))

        return cls({names: one() for names in organs})

    def of(self, structures: Iterable[Structure]) -> list[Structure]:
        """Return the changed structures in the same order; structures of no organ stay as they are."""
        body = list(structures)
        places = {structure.name: place for place, structure in enumerate(body)}
        for names, change in self.changes.items():
            low, high = np.array([shape.bounds_mm() for shape in body[places[names[0]]].shapes]).mean(axis=0)
            x, y, z = ((low + high) / 2).tolist()
            for place in (places[name] for name in names):
                shapes = tuple(change.of(shape, (x, y, z)) for shape in body[place].shapes)
                body[place] = replace(body[place], shapes=shapes)
        return body
