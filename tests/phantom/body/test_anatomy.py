"""The common anatomy of the head and neck: its order, its sides, its tissues in place."""

from __future__ import annotations

import numpy as np
import pytest

from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.anatomy import structures_of
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.tissues import Tissue

GRID = Grid((90, 80, 60), (4.0, 4.0, 5.0), (-178.0, -130.0, -125.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
POSE = Pose(np.eye(3), (0.0, 0.0, 0.0))
AVERAGE = Habitus(1.0, 1.0, 1.0, 1.0, 0.0, 1.0, ())


@pytest.fixture(scope="module")
def tissues() -> np.ndarray:
    return paint(structures_of(AVERAGE), Coordinates.of(GRID, POSE, ()))


def tissue_at(tissues: np.ndarray, x: float, y: float, z: float) -> Tissue:
    """Return the tissue of the voxel nearest to a point."""
    i, j, k = np.rint((np.array((x, y, z)) - GRID.origin_mm) / GRID.spacing_mm).astype(int)
    return Tissue(tissues[k, j, i])


@pytest.mark.parametrize(
    ("point", "tissue"),
    [
        ((0, -8, 8), Tissue.AIRWAY),
        ((57, 0, 20), Tissue.PAROTID),
        ((-57, 0, 20), Tissue.PAROTID),
        ((0, 6, 108), Tissue.BRAIN),
        ((33, -76, 77), Tissue.VITREOUS),
        ((14, -42, 8), Tissue.TONGUE),
        ((0, 32, 0), Tissue.CORD),
        ((150, -120, 100), Tissue.OUTSIDE),
    ],
)
def test_tissues_lie_where_anatomy_has_them(tissues, point, tissue):
    assert tissue_at(tissues, *point) == tissue


def test_paired_structures_come_with_both_sides():
    names = {structure.name for structure in structures_of(AVERAGE)}
    left = {name.removesuffix("_L") for name in names if name.endswith("_L")}
    right = {name.removesuffix("_R") for name in names if name.endswith("_R")}
    assert left == right
    assert {"Parotid", "Submandibular", "Carotid", "Jugular"} <= left


def test_skin_and_fat_are_painted_first():
    assert [structure.name for structure in structures_of(AVERAGE)][:4] == ["Skin", "Fat", "Fascia", "DeepFat"]


def test_a_wider_patient_has_a_wider_outline():
    wide = Habitus(1.08, 1.0, 1.0, 1.0, 0.0, 1.0, ())
    widths = [structures_of(habitus)[0].shapes[0].bounds_mm()[1][0] for habitus in (AVERAGE, wide)]
    assert widths[1] == pytest.approx(1.08 * widths[0])
