"""Tumours: their sites, their rough surface, and their response to three weeks of treatment."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from hnseg.imaging.geometry import LabelArray
from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import BoolArray, Point
from hnseg.phantom.body.tissues import Tissue

PRIMARY_SITES: tuple[Point, ...] = ((15, -14, 8), (9, -24, -2), (8, -24, -30), (13, -8, -18), (9, -10, 38))
"""Sites of primaries on the left: tonsil, tongue base, larynx, hypopharynx, nasopharynx."""

# Sites of nodes on the left, by level: II twice (the commonest), III, IV, V, Ib, retropharyngeal
_NODE_SITES: tuple[Point, ...] = (
    (38, 4, 4), (40, 8, -8), (36, 0, -26), (32, 2, -46), (44, 28, -14), (26, -44, -14), (16, 4, 26),
)  # fmt: skip
# Tumours do not grow into bone, air, cerebrospinal fluid or skin; masses don't overlap.
_BARRIERS = (
    Tissue.OUTSIDE, Tissue.SKIN, Tissue.CORTICAL_BONE, Tissue.MARROW, Tissue.TOOTH, Tissue.DISC, Tissue.CSF,
    Tissue.CORD, Tissue.BRAIN, Tissue.AIRWAY, Tissue.TUMOUR, Tissue.NECROSIS,
)  # fmt: skip


@dataclass(frozen=True)
class Tumour:
    """Irregular mass: an ellipsoid with a rough surface.

    Attributes:
        centre: Centre in the anatomy's coordinates, mm.
        radii: Half axes along x, y, z in mm, before roughness.
        roughness: Smooth noise around the centre that moves the surface in and out.
        necrosis: Size of a liquid core relative to the mass; 0 for none.
    """

    centre: Point
    radii: Point
    roughness: SmoothField
    necrosis: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator, centre: Point, diameter_mm: float, *, necrosis: float = 0.0) -> Tumour:
        """Draw a mass of about a diameter.

        Args:
            rng: Source of randomness.
            centre: Centre in the anatomy's coordinates, mm.
            diameter_mm: Diameter of the ball of the same volume, before roughness.
            necrosis: Size of a liquid core relative to the mass; 0 for none.
        """
        stretch = np.exp(rng.normal(0, 0.17, 3))
        stretch /= stretch.prod() ** (1 / 3)
        a, b, c = (diameter_mm / 2 * stretch).tolist()
        noise = SmoothField.draw(rng, reach_mm=40, length_mm=max(8.0, diameter_mm / 2.5), size=0.16, components=1)
        return cls(centre, (a, b, c), noise, necrosis)

    def after_three_weeks(self, rng: np.random.Generator, *, volume_left: float, shift_mm: float) -> Tumour:
        """Draw the mass at mid-treatment: smaller, unevenly along the axes, and moved.

        Args:
            rng: Source of randomness.
            volume_left: Fraction of the volume that is left.
            shift_mm: Distance that the centre moves.
        """
        shrink = np.exp(rng.normal(0, 0.13, 3))
        shrink *= (volume_left / shrink.prod()) ** (1 / 3)
        away = rng.normal(0, 1, 3)
        away *= shift_mm / np.linalg.norm(away)
        new = SmoothField.draw(rng, reach_mm=40, length_mm=9, size=0.08, components=1)
        old = self.roughness
        points = np.meshgrid(*[_lattice(new)] * 3, indexing="ij")
        z, y, x = (axis.astype(np.float32) for axis in points)
        # The surface keeps its roughness while it shrinks, with some new roughness on top.
        mixed = SmoothField(old.at(x / shrink[0], y / shrink[1], z / shrink[2]) + new.nodes, new.step_mm)
        x_mm, y_mm, z_mm = (np.array(self.centre) + away).tolist()
        a, b, c = (np.array(self.radii) * shrink).tolist()
        return replace(self, centre=(x_mm, y_mm, z_mm), radii=(a, b, c), roughness=mixed)

    def bounds_mm(self) -> tuple[Point, Point]:
        """Return the lowest and highest corner of a box around the mass, (x, y, z) each."""
        centre, reach = np.array(self.centre), 1.7 * np.array(self.radii)
        (ax, ay, az), (bx, by, bz) = (centre - reach).tolist(), (centre + reach).tolist()
        return (ax, ay, az), (bx, by, bz)

    def paint(self, tissues: LabelArray, coordinates: Coordinates) -> BoolArray:
        """Paint the mass into a tissue map, in place.

        Args:
            tissues: Tissue map, (z, y, x), changed.
            coordinates: Anatomy's coordinates of the voxels.

        Returns:
            Mask of the mass, (z, y, x): one connected component, or empty when the mass is outside the grid.
        """
        mask = np.zeros(tissues.shape, dtype=bool)
        part = coordinates.window(*self.bounds_mm())
        if part is None:
            return mask
        offsets = [axis - np.float32(c) for axis, c in zip(coordinates.within(part), self.centre, strict=True)]
        radius = np.sqrt(sum((o / np.float32(r)) ** 2 for o, r in zip(offsets, self.radii, strict=True)))
        level = radius + self.roughness.at(*offsets)[0]
        inside = _largest_component((level < 1) & ~np.isin(tissues[part], _BARRIERS))
        tissues[part][inside] = Tissue.TUMOUR
        tissues[part][inside & (level < self.necrosis)] = Tissue.NECROSIS
        mask[part] = inside
        return mask


@dataclass(frozen=True)
class Disease:
    """Tumours of a patient on one day.

    Attributes:
        primary: The primary; None where there is none.
        nodes: Nodes with disease.
    """

    primary: Tumour | None
    nodes: tuple[Tumour, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator, *, primary: bool, node_count: int) -> Disease:
        """Draw the disease before treatment, with a primary or without and a number of nodes, 0 to 7."""
        side = rng.choice((-1.0, 1.0))
        site = PRIMARY_SITES[rng.choice(len(PRIMARY_SITES), p=(0.3, 0.3, 0.15, 0.15, 0.1))]
        mass = Tumour.draw(rng, point_near(rng, site, side), float(rng.triangular(20, 30, 44)))
        sites = rng.permutation(len(_NODE_SITES))[:node_count]
        nodes = []
        for site_number in sites:
            # Two nodes in three lie on the primary's side.
            centre = point_near(rng, _NODE_SITES[site_number], side if rng.random() < 0.67 else -side)
            necrosis = rng.uniform(0.45, 0.65) if rng.random() < 0.35 else 0.0
            nodes.append(Tumour.draw(rng, centre, float(rng.triangular(12, 20, 33)), necrosis=necrosis))
        return cls(mass if primary else None, tuple(nodes))

    def after_three_weeks(
        self, rng: np.random.Generator, *, primary_vanishes: bool, node_vanishes: float = 1 / 12
    ) -> Disease:
        """Draw the disease at mid-treatment: masses keep 30 to 70 % of their volume, a few nodes vanish.

        Args:
            rng: Source of randomness.
            primary_vanishes: Whether the primary is gone.
            node_vanishes: Chance of each node to be gone.
        """
        primary = None if self.primary is None or primary_vanishes else _respond(rng, self.primary)
        nodes = tuple(_respond(rng, node) for node in self.nodes if rng.random() >= node_vanishes)
        return Disease(primary, nodes)


def _respond(rng: np.random.Generator, tumour: Tumour) -> Tumour:
    return tumour.after_three_weeks(rng, volume_left=rng.uniform(0.3, 0.7), shift_mm=rng.uniform(1.5, 4.5))


def point_near(rng: np.random.Generator, site: Point, side: float) -> Point:
    """Draw a point near a site, with a standard deviation of 2.5 mm along each axis.

    Args:
        rng: Source of randomness.
        site: Site on the left, (x, y, z) in mm.
        side: 1 for the left, -1 for the mirror image on the right.
    """
    x, y, z = (np.array(site) + rng.normal(0, 2.5, 3)).tolist()
    return (x * side, y, z)


def _lattice(field: SmoothField) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    count = field.nodes.shape[1]
    return np.asarray((np.arange(count) - (count - 1) / 2) * field.step_mm)


def _largest_component(mask: BoolArray) -> BoolArray:
    components, count = ndimage.label(mask)
    if count < 2:
        return mask
    sizes = np.bincount(components.ravel())
    return np.asarray(components == 1 + int(np.argmax(sizes[1:])))
