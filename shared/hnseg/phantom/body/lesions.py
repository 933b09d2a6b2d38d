"""Lesions with FDG uptake, and enlarged nodes without disease.

A lesion's uptake is its average SUV before the scanner's blur, of which a node of 8 mm shows only a part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray, LabelArray
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import BoolArray, Ellipsoid, Point
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.tumours import PRIMARY_SITES, Tumour, point_near

MOST_NODES = 13
"""Largest number of nodes with disease in a patient."""

FAINT = 0.17
"""Fraction of the nodes with hardly any uptake."""

# Sites of nodes on the left and their frequency, by level: II in front and behind, III, IV, V, Ib, retropharyngeal,
# low IV
_NODE_SITES: tuple[tuple[Point, float], ...] = (
    ((38, 4, 4), 0.3),
    ((41, 16, -2), 0.14),
    ((36, 0, -26), 0.22),
    ((33, 2, -46), 0.12),
    ((44, 28, -14), 0.07),
    ((27, -44, -14), 0.06),
    ((16, 4, 26), 0.04),
    ((38, 8, -74), 0.05),
)
_SCATTER_MM: Point = (2.5, 3.5, 6.0)
_TRIES = 80
_CORE_SUV = 0.7


@dataclass(frozen=True)
class Lesion:
    """Mass with its FDG uptake.

    Attributes:
        mass: Shape and position.
        suv: Average SUV before the scanner's blur; a necrotic core has nearly no uptake.
    """

    mass: Tumour
    suv: float

    def paint(self, tissues: LabelArray, coordinates: Coordinates, onto: LabelArray, label: int) -> BoolArray:
        """Paint the mass into a tissue map and a label map, in place.

        Args:
            tissues: Tissue map, (z, y, x), changed.
            coordinates: Anatomy's coordinates of the voxels.
            onto: Label map, (z, y, x), changed.
            label: Label of the mass.

        Returns:
            Mask of the mass on the part of the grid around it; empty when the mass is outside the grid or every voxel
            is a barrier.
        """
        painted = self._paint_tissues(tissues, coordinates)
        if painted is None:
            return np.zeros((0, 0, 0), dtype=bool)
        part, inside = painted
        onto[part][inside] = label
        return inside

    def paint_activity(
        self, tissues: LabelArray, coordinates: Coordinates, activity: FloatArray, texture: FloatArray
    ) -> None:
        """Paint the mass into a tissue map and an image of activity, in place.

        Args:
            tissues: Tissue map, (z, y, x), changed.
            coordinates: Anatomy's coordinates of the voxels.
            activity: SUV, (z, y, x), changed.
            texture: Factors of the uptake at each voxel, about 1, (z, y, x).
        """
        painted = self._paint_tissues(tissues, coordinates)
        if painted is not None:
            part, inside = painted
            core = tissues[part][inside] == Tissue.NECROSIS
            activity[part][inside] = np.where(core, _CORE_SUV, self.suv) * texture[part][inside]

    def _paint_tissues(self, tissues: LabelArray, coordinates: Coordinates) -> tuple[Slices, BoolArray] | None:
        part = coordinates.window(*self.mass.bounds_mm())
        if part is None:
            return None
        return part, self.mass.paint(tissues[part], Coordinates(*coordinates.within(part)))


@dataclass(frozen=True)
class Burden:
    """Lesions of a patient.

    Attributes:
        primaries: Pieces of the primary, the largest first; empty when it is gone or unknown.
        nodes: Lymph nodes with disease.
    """

    primaries: tuple[Lesion, ...]
    nodes: tuple[Lesion, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator, *, primary: bool, node_count: int, faint: float = FAINT) -> Burden:
        """Draw the lesions of a patient.

        Args:
            rng: Source of randomness.
            primary: Whether the primary exists.
            node_count: Number of nodes, 0 to `MOST_NODES`; slightly fewer come back where they do not fit in the neck.
            faint: Fraction of the nodes with hardly any uptake.
        """
        side = float(rng.choice((-1.0, 1.0)))
        avidity = float(np.clip(np.exp(rng.normal(np.log(11), 0.35)), 5, 24))
        pieces = _draw_primary(rng, side, avidity)
        across = float(rng.choice((0.0, 0.35), p=(0.5, 0.5)))
        nodes: list[Lesion] = []
        for number in range(node_count):
            mass = _draw_node(rng, -side if rng.random() < across else side, nodes, first=number == 0)
            if mass is not None:
                suv = rng.uniform(2, 3) if rng.random() < faint else avidity * rng.uniform(0.45, 1.05)
                nodes.append(Lesion(mass, float(suv if suv < 3 else np.clip(suv, 4, 20))))
        return cls(pieces if primary else (), tuple(nodes))

    @property
    def all(self) -> tuple[Lesion, ...]:
        """All lesions in the order of painting."""
        return (*self.primaries, *self.nodes)


def draw_node_count(rng: np.random.Generator) -> int:
    """Draw the number of nodes with disease: none in 15 %, one to three in 60 %, then ever fewer patients up to 13."""
    tail = 0.75 ** np.arange(MOST_NODES - 3)
    chances = np.concatenate([[0.15, 0.27, 0.2, 0.13], 0.25 * tail / tail.sum()])
    return int(rng.choice(MOST_NODES + 1, p=chances))


def draw_reactive_nodes(rng: np.random.Generator, burden: Burden) -> tuple[Ellipsoid, ...]:
    """Draw the enlarged nodes without disease: smooth, 6 to 12 mm, away from all lesions."""
    nodes: list[Ellipsoid] = []
    for _ in range(int(rng.integers(1, 6))):
        centre = _scattered(rng, float(rng.choice((-1.0, 1.0))))
        short = float(rng.uniform(3, 4.5))
        apart = [np.linalg.norm(np.subtract(centre, one.mass.centre)) - max(one.mass.radii) for one in burden.all]
        if min(apart, default=np.inf) > 2 * short:
            nodes.append(Ellipsoid(centre, (short, short * 1.1, short * float(rng.uniform(1.2, 1.6)))))
    return tuple(nodes)


def _draw_primary(rng: np.random.Generator, side: float, avidity: float) -> tuple[Lesion, ...]:
    """Draw a primary; one in sixteen comes in two pieces."""
    site = PRIMARY_SITES[rng.choice(len(PRIMARY_SITES), p=(0.35, 0.33, 0.12, 0.15, 0.05))]
    diameter_mm = float(np.clip(np.exp(rng.normal(np.log(27), 0.33)), 11, 56))
    necrosis = float(rng.uniform(0.35, 0.6)) if rng.random() < 0.2 and diameter_mm > 25 else 0.0
    main = Tumour.draw(rng, point_near(rng, site, side), diameter_mm, necrosis=necrosis)
    x, y, z = main.centre
    below = (x, y + float(rng.normal(0, 3)), z - 0.5 * diameter_mm - float(rng.uniform(12, 18)))
    satellite = Tumour.draw(rng, below, float(rng.uniform(9, 14)))
    both = (Lesion(main, avidity), Lesion(satellite, avidity * float(rng.uniform(0.6, 0.9))))
    return both if rng.random() < 1 / 16 else both[:1]


def _draw_node(rng: np.random.Generator, side: float, others: list[Lesion], *, first: bool) -> Tumour | None:
    """Draw a node that touches no other; the first is usually the largest. None when none fits."""
    diameter_mm = float(np.clip(np.exp(rng.normal(np.log(23 if first else 14), 0.36)), 7, 62))
    necrosis = float(rng.uniform(0.4, 0.65)) if rng.random() < 0.3 and diameter_mm > 18 else 0.0
    for _ in range(_TRIES):
        centre = _scattered(rng, side)
        gaps = [
            np.linalg.norm(np.subtract(centre, other.mass.centre)) - np.mean(other.mass.radii) - diameter_mm / 2
            for other in others
        ]
        if min(gaps, default=np.inf) > 1:
            return Tumour.draw(rng, centre, diameter_mm, necrosis=necrosis)
        # Nodes in a crowded neck are smaller.
        diameter_mm = max(7.0, 0.98 * diameter_mm)
    return None


def _scattered(rng: np.random.Generator, side: float) -> Point:
    chances = np.array([chance for _, chance in _NODE_SITES])
    site, _ = _NODE_SITES[rng.choice(len(_NODE_SITES), p=chances / chances.sum())]
    x, y, z = (np.array(site) + rng.normal(0, _SCATTER_MM)).tolist()
    return (x * side, y, z)
