"""How one patient's organs differ from another's beyond build and smooth bends: each has its own place and size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from hnseg.phantom.body.shapes import Capsule, Ellipsoid, Point, Shape
from hnseg.phantom.body.structure import Structure

_PLACE_MM, _SIZE = 0.9, 0.05


@dataclass(frozen=True)
class Change:
    """What happens to an organ: it is stretched about its middle, then moved.

    Attributes:
        shift_mm: How far it is moved.
        stretch: How much larger it is along each axis.
    """

    shift_mm: Point
    stretch: Point

    def of(self, shape: Shape, middle: Point) -> Shape:
        """Return a shape that is part of an organ with this middle; contours stay."""
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
    """The changes of a patient's organs, each for the structures that make the organ up.

    Attributes:
        changes: By the names of the structures, the first of which is the organ's middle.
    """

    changes: Mapping[tuple[str, ...], Change]

    @classmethod
    def draw(cls, rng: np.random.Generator, organs: Iterable[tuple[str, ...]]) -> Variation:
        """Draw a patient's changes: about a mm and 5 %, never more than two and a half times as much."""

        def one() -> Change:
            shift, growth = np.clip(rng.standard_normal((2, 3)), -2.5, 2.5)
            x, y, z = (_PLACE_MM * shift).tolist()
            a, b, c = (1 + _SIZE * growth).tolist()
            return Change((x, y, z), (a, b, c))

        return cls({names: one() for names in organs})

    def of(self, structures: Iterable[Structure]) -> list[Structure]:
        """Return the structures of this patient, in the same order."""
        body = list(structures)
        places = {structure.name: place for place, structure in enumerate(body)}
        for names, change in self.changes.items():
            low, high = np.array([shape.bounds_mm() for shape in body[places[names[0]]].shapes]).mean(axis=0)
            x, y, z = ((low + high) / 2).tolist()
            for place in (places[name] for name in names):
                shapes = tuple(change.of(shape, (x, y, z)) for shape in body[place].shapes)
                body[place] = replace(body[place], shapes=shapes)
        return body
