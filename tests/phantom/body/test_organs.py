"""Organs at risk of a painted patient: present, separate, on their sides and in their order."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import ndimage

from containers.han_seg.spec import LABELS as CONTRACT
from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.organs import LABELS, ORGANS, outline
from hnseg.phantom.body.painting import Coordinates, Pose, paint
from hnseg.phantom.body.shapes import Ellipsoid
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue
from hnseg.phantom.challenges.han_seg import Anatomy
from hnseg.phantom.scanners.grids import Acquisition

AROUND = Acquisition((100, 100), (110, 110), (88, 88), (2.0, 2.0, 2.5))
TWO_PIECES = {"Arytenoid", "BuccalMucosa"}


@functools.cache
def painted(seed: int) -> tuple[np.ndarray, np.ndarray, Coordinates]:
    """Tissues and labels of an upright patient, as in a demo network's voxels."""
    anatomy = Anatomy.draw(np.random.default_rng(seed))
    pose = Pose(np.eye(3), (0.0, 0.0, 0.0), anatomy.size)
    grid: Grid = AROUND.draw_around(np.random.default_rng(0), (0.0, -3.0, 4.0))
    coordinates = Coordinates.of(grid, pose, anatomy.bends)
    tissues = paint(anatomy.structures, coordinates)
    return tissues, outline(anatomy.structures, tissues, coordinates), coordinates


def middle_of(organ: str, seed: int = 0) -> np.ndarray:
    """Mean (x, y, z) of an organ in the anatomy's coordinates."""
    _, labels, at = painted(seed)
    mask = labels == LABELS[organ]
    return np.array([axis[mask].mean() for axis in (at.x, at.y, at.z)])


def test_labels_are_those_of_the_challenge():
    assert {label: organ for organ, label in LABELS.items()} == CONTRACT


@pytest.mark.parametrize("seed", range(4))
def test_every_organ_is_there_in_one_piece_and_large_enough_to_be_learned(seed):
    _, labels, _ = painted(seed)
    counts = np.bincount(labels.ravel(), minlength=31)
    assert len(counts) == 31
    for organ, label in LABELS.items():
        assert counts[label] >= 20, organ
        pieces, _ = ndimage.label(labels == label, np.ones((3, 3, 3)))
        sizes = np.sort(np.bincount(pieces.ravel())[1:])[::-1]
        assert sizes[: 1 + (organ in TWO_PIECES)].sum() > 0.97 * counts[label], organ


@pytest.mark.parametrize("seed", range(4))
def test_left_is_left_and_right_is_right(seed):
    _, labels, at = painted(seed)
    for organ in (name for name in ORGANS if name.endswith(("_L", "_R", "AL", "AR", "PL", "PR"))):
        x = at.x[labels == LABELS[organ]]
        assert (x > 0).all() if organ.endswith("L") else (x < 0).all(), organ


def test_no_organ_lies_outside_the_body_or_in_the_skin():
    tissues, labels, _ = painted(0)
    assert not (labels[(tissues == Tissue.OUTSIDE) | (tissues == Tissue.SKIN)]).any()


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("Brainstem", "SpinalCord"),
        ("OpticChiasm", "Pituitary"),
        ("Larynx_SG", "Glottis"),
        ("Glottis", "Cricopharyngeus"),
        ("Cricopharyngeus", "Esophagus_S"),
        ("Glnd_Lacrimal_L", "OpticNrv_L"),
        ("Parotid_R", "Glnd_Submand_R"),
        ("Cavity_Oral", "Larynx_SG"),
    ],
)
def test_organs_lie_above_one_another(upper, lower):
    assert middle_of(upper)[2] > middle_of(lower)[2]


@pytest.mark.parametrize(
    ("front", "back"),
    [
        ("Eye_AL", "Eye_PL"),
        ("Eye_PR", "OpticNrv_R"),
        ("OpticNrv_L", "OpticChiasm"),
        ("Pituitary", "Brainstem"),
        ("Lips", "Cavity_Oral"),
        ("Glottis", "Arytenoid"),
        ("Glnd_Thyroid", "Esophagus_S"),
        ("Cricopharyngeus", "SpinalCord"),
    ],
)
def test_organs_lie_in_front_of_one_another(front, back):
    assert middle_of(front)[1] < middle_of(back)[1]


def test_optic_nerve_runs_from_the_eye_to_the_chiasm():
    _, labels, _ = painted(0)
    nerve = ndimage.binary_dilation(labels == LABELS["OpticNrv_L"], np.ones((3, 3, 3)), iterations=2)
    assert (nerve & (labels == LABELS["Eye_PL"])).any()
    assert (nerve & (labels == LABELS["OpticChiasm"])).any()


@pytest.mark.parametrize("organ", ["Cavity_Oral", "Glottis", "Larynx_SG"])
def test_hollow_organs_hold_their_air(organ):
    tissues, labels, _ = painted(0)
    inside = tissues[labels == LABELS[organ]]
    assert 0.005 < (inside == Tissue.AIRWAY).mean() < 0.6


@pytest.mark.parametrize(
    ("organ", "tissue"),
    [
        ("Parotid_L", Tissue.PAROTID),
        ("OpticNrv_R", Tissue.OPTIC_NERVE),
        ("OpticChiasm", Tissue.OPTIC_NERVE),
        ("Pituitary", Tissue.PITUITARY),
        ("Cochlea_L", Tissue.COCHLEA),
        ("Glnd_Lacrimal_R", Tissue.LACRIMAL),
        ("Brainstem", Tissue.CORD),
        ("A_Carotid_L", Tissue.ARTERY),
    ],
)
def test_organ_is_all_of_one_tissue(organ, tissue):
    tissues, labels, _ = painted(0)
    assert set(tissues[labels == LABELS[organ]]) == {tissue}


def test_pituitary_and_chiasm_are_bounded_by_cerebrospinal_fluid_or_bone():
    tissues, labels, _ = painted(0)
    for organ in ("Pituitary", "OpticChiasm"):
        mask = labels == LABELS[organ]
        around = tissues[ndimage.binary_dilation(mask) & ~mask]
        assert np.isin(around, (Tissue.CSF, Tissue.CORTICAL_BONE, Tissue.OPTIC_NERVE, Tissue.PITUITARY)).mean() > 0.8


def test_label_follows_what_was_painted_last():
    anatomy = Anatomy.draw(np.random.default_rng(2))
    pose = Pose(np.eye(3), (0.0, 0.0, 0.0), anatomy.size)
    grid = Acquisition((30, 30), (30, 30), (30, 30), (2.0, 2.0, 2.0)).draw_around(
        np.random.default_rng(0), (57.0, 0.0, 20.0)
    )
    coordinates = Coordinates.of(grid, pose, anatomy.bends)
    hole = Structure("Hole", Tissue.FAT, (Ellipsoid((57, 0, 20), (6, 6, 6)),))
    structures = [*anatomy.structures, hole]
    tissues = paint(structures, coordinates)
    labels = outline(structures, tissues, coordinates)
    where = hole.shapes[0].contains(coordinates.x, coordinates.y, coordinates.z)
    assert (labels == LABELS["Parotid_L"]).any()
    assert not labels[where].any()
