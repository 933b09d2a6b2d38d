"""Organs at risk of HaN-Seg: structures and tissues of each of the 30, and their label map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hnseg.imaging.geometry import LabelArray
from hnseg.phantom.body.painting import Coordinates
from hnseg.phantom.body.shapes import Shape
from hnseg.phantom.body.structure import Structure
from hnseg.phantom.body.tissues import Tissue

ORGANS = (
    "A_Carotid_L", "A_Carotid_R", "Arytenoid", "Bone_Mandible", "Brainstem", "BuccalMucosa", "Cavity_Oral",
    "Cochlea_L", "Cochlea_R", "Cricopharyngeus", "Esophagus_S", "Eye_AL", "Eye_AR", "Eye_PL", "Eye_PR",
    "Glnd_Lacrimal_L", "Glnd_Lacrimal_R", "Glnd_Submand_L", "Glnd_Submand_R", "Glnd_Thyroid", "Glottis", "Larynx_SG",
    "Lips", "OpticChiasm", "OpticNrv_L", "OpticNrv_R", "Parotid_L", "Parotid_R", "Pituitary", "SpinalCord",
)  # fmt: skip
"""Names of the organs in the order of their labels."""

LABELS: dict[str, int] = {name: label for label, name in enumerate(ORGANS, start=1)}
"""Labels of the organs, 1 to 30, by name."""

_BONE = frozenset({Tissue.CORTICAL_BONE, Tissue.MARROW})
_SOFT = frozenset({
    Tissue.FAT, Tissue.MUSCLE, Tissue.TONGUE, Tissue.MUCOSA, Tissue.SUBMANDIBULAR, Tissue.LYMPHOID, Tissue.AIRWAY,
})  # fmt: skip


@dataclass(frozen=True)
class Organ:
    """Organ at risk: the voxels inside some structures that have some tissues in the end.

    Attributes:
        name: Name as the challenge spells it.
        structures: Names of the structures whose union holds the organ.
        tissues: Tissues of the organ; other tissues inside its structures are left out.
        bottom_mm: Lower end of the organ, a height in the anatomy's coordinates, where its structures go further down.
        top_mm: Upper end of the organ, where its structures go further up.
    """

    name: str
    structures: tuple[str, ...]
    tissues: frozenset[Tissue]
    bottom_mm: float = -np.inf
    top_mm: float = np.inf


def _of_one(name: str, tissue: Tissue, *structures: str) -> Organ:
    return Organ(name, structures, frozenset({tissue}))


def _sides(name: str, tissues: Iterable[Tissue], *structures: str) -> list[Organ]:
    """Return the left and the right organ; `{}` in the names stands for the side."""
    return [
        Organ(name.format(side), tuple(one.format(side) for one in structures), frozenset(tissues)) for side in "LR"
    ]


# Heights between cord and brainstem, and of the lower end of the neck's part of the oesophagus
_FORAMEN_MAGNUM_MM, _STERNAL_NOTCH_MM = 33.0, -94.0
# Later organs cover earlier ones: large first, small last
_OUTLINES: tuple[Organ, ...] = (
    Organ(
        "Cavity_Oral",
        (
            "MouthFloor",
            "Tongue",
            "OralAir",
            "PalateMucosa",
            "Genioglossus_L",
            "Genioglossus_R",
            "Hyoglossus_L",
            "Hyoglossus_R",
        ),
        _SOFT,
    ),
    Organ("Brainstem", ("Brainstem", "SpinalCord"), frozenset({Tissue.CORD}), bottom_mm=_FORAMEN_MAGNUM_MM),
    Organ("SpinalCord", ("Brainstem", "SpinalCord"), frozenset({Tissue.CORD}), top_mm=_FORAMEN_MAGNUM_MM),
    _of_one("Glnd_Thyroid", Tissue.THYROID, "Thyroid_L", "Thyroid_R", "Isthmus"),
    Organ("Larynx_SG", ("Supraglottis", "Epiglottis"), _SOFT),
    _of_one("Lips", Tissue.MUSCLE, "LipUpper", "LipLower"),
    _of_one("BuccalMucosa", Tissue.MUCOSA, "BuccalMucosa_L", "BuccalMucosa_R"),
    Organ(
        "Bone_Mandible",
        tuple(f"{part}_{side}" for part in ("Mandible", "Ramus", "MandibleMarrow", "RamusMarrow") for side in "LR"),
        _BONE,
    ),
    *_sides("Parotid_{}", {Tissue.PAROTID}, "Parotid_{}", "ParotidDeep_{}", "ParotidTail_{}"),
    *_sides("Glnd_Submand_{}", {Tissue.SUBMANDIBULAR}, "Submandibular_{}"),
    *_sides("A_Carotid_{}", {Tissue.ARTERY}, "Carotid_{}"),
    Organ(
        "Esophagus_S",
        ("Oesophagus", "OesophagusMucosa"),
        frozenset({Tissue.MUSCLE, Tissue.MUCOSA}),
        bottom_mm=_STERNAL_NOTCH_MM,
    ),
    _of_one("Cricopharyngeus", Tissue.MUSCLE, "Cricopharyngeus"),
    Organ("Glottis", ("VocalFolds",), frozenset({Tissue.MUSCLE, Tissue.AIRWAY})),
    *_sides("Eye_P{}", {Tissue.VITREOUS, Tissue.LENS}, "Eye_{}"),
    *_sides("Eye_A{}", {Tissue.VITREOUS, Tissue.LENS}, "EyeFront_{}", "Lens_{}"),
    *_sides("OpticNrv_{}", {Tissue.OPTIC_NERVE}, "OpticNerve_{}"),
    _of_one("OpticChiasm", Tissue.OPTIC_NERVE, "OpticChiasm"),
    *_sides("Glnd_Lacrimal_{}", {Tissue.LACRIMAL}, "Lacrimal_{}"),
    *_sides("Cochlea_{}", {Tissue.COCHLEA}, "Cochlea_{}"),
    _of_one("Pituitary", Tissue.PITUITARY, "Pituitary"),
    _of_one("Arytenoid", Tissue.CARTILAGE, "Arytenoid_L", "Arytenoid_R"),
)


def outline(structures: Iterable[Structure], tissues: LabelArray, coordinates: Coordinates) -> LabelArray:
    """Return the label map of the organs at risk.

    Args:
        structures: Structures of a body.
        tissues: Tissue map painted from them, (z, y, x).
        coordinates: Anatomy's coordinates of the voxels.

    Returns:
        Labels of `LABELS`, uint8 (z, y, x).
    """
    shapes = {structure.name: structure.shapes for structure in structures}
    labels = np.zeros(tissues.shape, dtype=np.uint8)
    for some, piece in coordinates.pieces():
        for organ in _OUTLINES:
            _outline_one(organ, shapes, tissues[some], labels[some], piece)
    return labels


def _outline_one(
    organ: Organ,
    shapes: Mapping[str, Sequence[Shape]],
    tissues: LabelArray,
    labels: LabelArray,
    coordinates: Coordinates,
) -> None:
    allowed = np.zeros(len(Tissue), dtype=bool)
    allowed[list(organ.tissues)] = True
    for shape in (shape for name in organ.structures for shape in shapes[name]):
        part = coordinates.window(*shape.bounds_mm())
        if part is not None:
            x, y, z = coordinates.within(part)
            inside = shape.contains(x, y, z) & allowed[tissues[part]] & (z >= organ.bottom_mm) & (z < organ.top_mm)
            labels[part][inside] = LABELS[organ.name]
