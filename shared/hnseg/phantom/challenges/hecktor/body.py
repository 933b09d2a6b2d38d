"""Body of a HECKTOR patient, which both scanners see: structures, bends, size, lesions and metal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hnseg.phantom.body.deformation import SmoothField
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.lesions import Burden, draw_reactive_nodes
from hnseg.phantom.body.organ_anatomy import METAL_SITES, ORGAN_GROUPS, body_of
from hnseg.phantom.body.shapes import Ellipsoid, Point
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.body.torso import with_torso
from hnseg.phantom.body.variation import Variation


@dataclass(frozen=True)
class Body:
    """Body of a patient, the same for both scanners.

    Attributes:
        structures: Structures in the order of painting.
        bends: Smooth displacements of the body.
        size: Size of the average anatomy relative to this body, (x, y, z).
        burden: Lesions.
        metal: Centres of metal in teeth, in the anatomy's coordinates.
    """

    structures: tuple[Structure, ...]
    bends: tuple[SmoothField, ...]
    size: Point
    burden: Burden
    metal: tuple[Point, ...]

    @classmethod
    def draw(cls, rng: np.random.Generator, burden: Burden) -> Body:
        """Draw a body around its lesions; one in three has metal in teeth, one in two the arms beside the body.

        Args:
            rng: Source of randomness.
            burden: Lesions, from which enlarged nodes without disease keep away.
        """
        x, y, z = (1 / rng.uniform(0.95, 1.06, 3)).tolist()
        bend = SmoothField.draw(rng, reach_mm=200, length_mm=70, size=2.0)
        wrinkle = SmoothField.draw(rng, reach_mm=150, length_mm=22, size=0.7)
        reactive: tuple[Ellipsoid, ...] = draw_reactive_nodes(rng, burden)
        structures = Variation.draw(rng, ORGAN_GROUPS).of(body_of(Habitus.draw(rng)))
        structures = with_torso(structures, arms=bool(rng.random() < 0.5))
        structures.append(Structure("ReactiveNodes", Tissue.LYMPHOID, reactive))
        crowns = rng.permutation(len(METAL_SITES))[: rng.integers(1, 5)]
        metal = tuple(METAL_SITES[place] for place in crowns) if rng.random() < 0.35 else ()
        return cls(tuple(structures), (bend, wrinkle), (x, y, z), burden, metal)
