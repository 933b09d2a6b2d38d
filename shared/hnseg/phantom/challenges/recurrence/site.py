"""Head and neck of a HECKTOR patient, painted once more without tumours on the part of the CT's grid around it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from hnseg.imaging.box import Box
from hnseg.imaging.geometry import Grid, LabelArray
from hnseg.phantom.body.painting import Coordinates, paint
from hnseg.phantom.body.shapes import BoolArray, Shape
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.challenges.hecktor.files import Patient

# From the collar bones to the crown, in the anatomy's coordinates, mm
_LOW, _HIGH = (-105.0, -115.0, -130.0), (105.0, 105.0, 182.0)
_NEVER_INVADED = (
    Tissue.OUTSIDE, Tissue.SKIN, Tissue.CORTICAL_BONE, Tissue.MARROW, Tissue.TOOTH, Tissue.DISC, Tissue.CSF,
    Tissue.CORD, Tissue.BRAIN, Tissue.VITREOUS, Tissue.LENS, Tissue.OPTIC_NERVE, Tissue.AIRWAY, Tissue.LUNG,
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """Tissues of a head and neck on a box of the CT's own voxels.

    Attributes:
        box: Voxels of the CT.
        grid: Grid of the box.
        coordinates: Anatomy's coordinates of the voxels.
        tissues: Numbers of `Tissue` without any tumour, uint8 (z, y, x).
        vault: Inside of the skull: the shapes that cerebrospinal fluid and brain fill.
    """

    box: Box
    grid: Grid
    coordinates: Coordinates
    tissues: LabelArray
    vault: tuple[Shape, ...]

    @classmethod
    def of(cls, patient: Patient) -> Site:
        """Return the head and neck of a patient.

        Args:
            patient: Patient whose CT shows some of it.
        """
        whole = Grid.of(patient.ct)
        corners = np.array(list(product(*zip(_LOW, _HIGH, strict=True))))
        index = whole.index_xyz(patient.pose.to_world(corners))
        last = np.array(whole.size_xyz) - 1
        first = np.clip(np.floor(index.min(axis=0)), 0, last).astype(int)
        count = np.clip(np.ceil(index.max(axis=0)), 0, last).astype(int) - first + 1
        (x, y, z), (nx, ny, nz) = first.tolist(), count.tolist()
        box = Box((x, y, z), (nx, ny, nz))
        grid = box.grid_in(whole)
        coordinates = Coordinates.of(grid, patient.pose, patient.body.bends)
        (vault,) = (structure.shapes for structure in patient.body.structures if structure.name == "CSF")
        return cls(box, grid, coordinates, paint(patient.body.structures, coordinates), vault)

    def soft_tissue(self) -> BoolArray:
        """Return where a tumour may grow, (z, y, x): not into bone, air, skin, eyes or the nervous system."""
        return ~np.isin(self.tissues, _NEVER_INVADED)

    def brain(self) -> BoolArray:
        """Return the brain with its fluid and stem, (z, y, x), as a planner outlines it: the inside of the skull."""
        inside = self.within(self.vault)
        return inside & np.isin(self.tissues, (Tissue.BRAIN, Tissue.CSF, Tissue.CORD))

    def within(self, shapes: tuple[Shape, ...]) -> BoolArray:
        """Return the voxels whose centres lie in any of some shapes, (z, y, x).

        Args:
            shapes: Shapes in the anatomy's coordinates.
        """
        inside = np.zeros(self.grid.shape_zyx, dtype=bool)
        for shape in shapes:
            part = self.coordinates.window(*shape.bounds_mm())
            if part is not None:
                inside[part] |= shape.contains(*self.coordinates.within(part))
        return inside
