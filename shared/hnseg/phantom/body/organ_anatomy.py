"""Anatomy of the head and neck with all 30 organs at risk as separate structures.

It extends the common anatomy by the missing organs and by the walls and spaces around them: orbits, ethmoid, sphenoid
and petrous bones, the cisterns around the brainstem and over the sella, eyelids, cheeks, the inner larynx, clavicles.
"""

from __future__ import annotations

from hnseg.phantom.body.anatomy import structures_of
from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.shapes import Capsule, Ellipsoid, Point, Shape, tube
from hnseg.phantom.body.structure import Structure, mirror_image, paired, paired_tube
from hnseg.phantom.body.tissues import Tissue

_BRAINSTEM: tuple[Point, ...] = ((0, 33, 34), (0, 27, 54), (0, 18, 84))
_EYE: Point = (33, -76, 77)

ORGAN_GROUPS: tuple[tuple[str, ...], ...] = (
    *(
        tuple(f"{name}_{side}" for name in names)
        for names in (
            ("Eye", "EyeFront", "Lens"),
            ("Lacrimal",),
            ("Cochlea",),
            ("Parotid", "ParotidDeep", "ParotidTail"),
            ("Submandibular",),
            ("Thyroid",),
            ("Arytenoid",),
        )
        for side in "LR"
    ),
    ("OpticChiasm",),
    ("Pituitary",),
    ("Supraglottis",),
    ("VocalFolds", "Rima"),
    ("Cricopharyngeus",),
    ("LipUpper", "LipLower"),
)
"""Groups of structures that vary together from patient to patient, besides the bends of the whole body."""

METAL_SITES: tuple[Point, ...] = tuple(
    (side * x, y, z) for side in (-1, 1) for x, y, z in ((24, -55, 6), (29, -42, 6), (25, -55, 17), (30, -42, 17))
)
"""Teeth that may have metal, in the anatomy's coordinates, mm."""


def body_of(habitus: Habitus) -> list[Structure]:
    """Return a patient's structures in the order of painting.

    Args:
        habitus: Build of the patient.
    """
    before = {
        # The fat under the skin covers the inner part of the first, and the second fills it.
        "Skin": _eyelids(Tissue.SKIN, 2.4),
        "Fascia": _eyelids(Tissue.FAT, 0),
        "Mandible_L": [*_brainstem(), *_mouth_floor(), *_cheeks(), *_lips()],
        "Cistern": _middle_skull_base(),
        "Orbit_L": _between_and_around_the_orbits(),
        "Eye_L": _in_the_orbits(),
        "Discs": _in_the_eyes(),
        "Larynx": _lower_pharynx(),
        "ThyroidCartilage_L": _supraglottis(),
        "Cricoid": _thyroid_bridge(),
        "Tonsil_L": _oesophagus(),
    }
    replaced = {"Brainstem", "FourthVentricle", "Lips", "Oesophagus", "OesophagusMucosa"}
    body: list[Structure] = []
    for structure in structures_of(habitus):
        body += before.get(structure.name, [])
        body += [structure] if structure.name not in replaced else []
    return [*body, *_glottis(), *_clavicles()]


def _eyelids(tissue: Tissue, thickness_mm: float) -> list[Structure]:
    """Return the bulges around both eyes, since the common outline cuts the eyes off."""
    bulge = Ellipsoid(_EYE, (13.2 + thickness_mm, 13.4 + thickness_mm, 13.2 + thickness_mm))
    return [Structure(f"Eyelids{tissue.name.title()}", tissue, (bulge, mirror_image(bulge)), at_surface=True)]


def _mouth_floor() -> list[Structure]:
    """Return the loose tissue between the jaws, around the tongue and its muscles."""
    return [Structure("MouthFloor", Tissue.FAT, (Ellipsoid((0, -46, 5), (24, 29, 18), 3),))]


def _cheeks() -> list[Structure]:
    points: list[Point] = [(20, -76, 10), (32, -59, 11), (39, -38, 12)]
    return paired_tube("BuccalMucosa", Tissue.MUCOSA, points, [3, 3.2, 3.4], (1, 1, 3))


def _lips() -> list[Structure]:
    upper: list[Point] = [(-19, -79, 11), (0, -85, 15), (19, -79, 11)]
    lower: list[Point] = [(-19, -79, 9), (0, -85, 5), (19, -79, 9)]
    return [
        Structure("LipUpper", Tissue.MUSCLE, tuple(tube(upper, [4, 5.5, 4], (1, 0.9, 1.1)))),
        Structure("LipLower", Tissue.MUSCLE, tuple(tube(lower, [4, 5.5, 4], (1, 0.9, 1.1)))),
    ]


def _middle_skull_base() -> list[Structure]:
    optic_cistern = Ellipsoid((0, -13, 81), (18, 12, 8))
    return [
        *paired("Petrous", Tissue.CORTICAL_BONE, Capsule((52, 19, 55), (19, 3, 59), 12, 7, (1, 0.9, 0.9))),
        *paired("EarCanal", Tissue.AIRWAY, Capsule((74, 12, 54), (48, 10, 56), 3.2, 3.6)),
        *paired("Cochlea", Tissue.COCHLEA, Ellipsoid((31, 9, 58), (5.0, 4.6, 4.8))),
        Structure("Sphenoid", Tissue.CORTICAL_BONE, (Ellipsoid((0, -14, 61), (20, 18, 12), 3),)),
        Structure("SphenoidMarrow", Tissue.MARROW, (Ellipsoid((0, -6, 57), (16, 8, 6), 2.5),)),
        Structure(
            "SphenoidSinus", Tissue.AIRWAY, (Ellipsoid((8, -21, 61), (7, 9, 8)), Ellipsoid((-8, -21, 61), (7, 9, 8)))
        ),
        Structure("Clivus", Tissue.CORTICAL_BONE, tuple(tube([(0, -1, 62), (0, 8, 40)], [7, 4.5], (2, 1, 1)))),
        Structure("ClivusCore", Tissue.MARROW, tuple(tube([(0, -2, 61), (0, 7, 42)], [4.5, 2.5], (2, 1, 1)))),
        Structure("BrainstemCistern", Tissue.CSF, tuple(tube(_BRAINSTEM, [9.5, 14, 16.5]))),
        Structure("OpticCistern", Tissue.CSF, (optic_cistern,)),
        Structure("DorsumSellae", Tissue.CORTICAL_BONE, (Ellipsoid((0, 0, 69), (9, 2.6, 7), 3),)),
        Structure("Pituitary", Tissue.PITUITARY, (Ellipsoid((0, -8, 70), (6.6, 5.4, 5.2)),)),
    ]


def _brainstem() -> list[Structure]:
    """Return the brainstem, which continues the cord painted before it, and the ventricle at its back."""
    return [
        Structure("Brainstem", Tissue.CORD, tuple(tube(_BRAINSTEM, [6.5, 11.5, 14]))),
        Structure("FourthVentricle", Tissue.CSF, (Ellipsoid((0, 36, 64), (7, 4, 10)),)),
    ]


def _between_and_around_the_orbits() -> list[Structure]:
    orbit, apex = Ellipsoid((32, -64, 76), (18, 26, 18)), Capsule((30, -58, 76), (16, -34, 77), 15, 7)
    cells: list[Shape] = [
        Ellipsoid((s * 6.5, y, z), (4.8, 7, 5.5), 3) for s in (-1, 1) for y in (-68, -53, -39) for z in (66, 79)
    ]
    return [
        Structure("Ethmoid", Tissue.CORTICAL_BONE, (Ellipsoid((0, -54, 72), (15, 25, 15), 3),)),
        Structure("EthmoidCells", Tissue.AIRWAY, tuple(cells)),
        Structure("OrbitWall", Tissue.CORTICAL_BONE, (orbit, mirror_image(orbit), apex, mirror_image(apex))),
    ]


def _in_the_orbits() -> list[Structure]:
    nerve: list[Point] = [(32, -64, 76), (27, -52, 75), (18, -38, 77), (11, -24, 80), (7, -19, 81)]
    flat: Point = (1, 1, 2.5)
    crossing = Capsule((7, -19, 81), (-7, -6, 83), 3.4, 3.4, (1, 1, 0.9))
    return [
        *paired("OrbitApex", Tissue.FAT, Capsule((30, -58, 76), (17, -36, 77), 13, 4.6)),
        *paired_tube(
            "LateralRectus", Tissue.MUSCLE, [(45, -68, 76), (42, -56, 76), (20, -38, 76)], [1.6, 2, 1.6], flat
        ),
        *paired_tube("MedialRectus", Tissue.MUSCLE, [(21, -68, 76), (19, -56, 76), (15, -38, 76)], [1.6, 2, 1.6], flat),
        *paired("SuperiorRectus", Tissue.MUSCLE, Capsule((33, -66, 89), (19, -38, 82), 2, 1.5, (2.5, 1, 1))),
        *paired("InferiorRectus", Tissue.MUSCLE, Capsule((33, -66, 64), (19, -38, 71), 2, 1.5, (2.5, 1, 1))),
        *paired_tube("OpticNerve", Tissue.OPTIC_NERVE, nerve, [2.6, 2.6, 2.5, 2.5, 2.6]),
        Structure("OpticChiasm", Tissue.OPTIC_NERVE, (crossing, mirror_image(crossing))),
        *paired("Lacrimal", Tissue.LACRIMAL, Ellipsoid((42, -67, 87), (5.4, 7.5, 6.4))),
    ]


def _in_the_eyes() -> list[Structure]:
    x, y, z = _EYE
    return [
        *paired("EyeFront", Tissue.VITREOUS, Ellipsoid((x, y - 7.5, z), (8.8, 5.5, 8.8))),
        *paired("Lens", Tissue.LENS, Ellipsoid((x, y - 5.5, z), (4.8, 2.7, 4.8))),
    ]


def _lower_pharynx() -> list[Structure]:
    course: list[Point] = [(0, -6, -22), (0, -2, -44)]
    return [
        Structure("InferiorConstrictor", Tissue.MUSCLE, tuple(tube(course, [6, 5.5], (2.2, 0.8, 1)))),
        Structure("Hypopharynx", Tissue.MUCOSA, tuple(tube(course, [4, 3.6], (2.4, 0.6, 1)))),
    ]


def _supraglottis() -> list[Structure]:
    return [Structure("Supraglottis", Tissue.MUCOSA, (Ellipsoid((0, -25, -23.5), (14, 11.5, 11), 2.4),))]


def _thyroid_bridge() -> list[Structure]:
    course: list[Point] = [(-16, -20, -66), (-9, -29, -67), (9, -29, -67), (16, -20, -66)]
    return [Structure("Isthmus", Tissue.THYROID, tuple(tube(course, [4, 3.4, 3.4, 4], (1, 1, 1.8))))]


def _oesophagus() -> list[Structure]:
    """Return the oesophagus from the end of its upper sphincter, and the sphincter."""
    course: list[Point] = [(0, 1, -62), (2, 3, -80), (4, 10, -130)]
    return [
        Structure("Oesophagus", Tissue.MUSCLE, tuple(tube(course, [6.4, 6.4, 7], (1.4, 0.8, 1)))),
        Structure("OesophagusMucosa", Tissue.MUCOSA, tuple(tube(course, [2.6] * 3, (1.8, 0.7, 1)))),
        Structure("Cricopharyngeus", Tissue.MUSCLE, (Ellipsoid((0, -0.5, -51), (14.5, 4.8, 7.5), 2.6),)),
    ]


def _glottis() -> list[Structure]:
    """Return the vocal folds between the supraglottis and the trachea, their opening and the arytenoids."""
    return [
        Structure("VocalFolds", Tissue.MUSCLE, (Ellipsoid((0, -23, -38), (13, 11.5, 5), 2.6),)),
        Structure("Rima", Tissue.AIRWAY, (Ellipsoid((0, -22, -38), (2.4, 8, 7), 2.6),)),
        *paired("Arytenoid", Tissue.CARTILAGE, Ellipsoid((6.5, -11.5, -36.5), (4, 4.2, 6))),
    ]


def _clavicles() -> list[Structure]:
    return [
        *paired_tube("Clavicle", Tissue.CORTICAL_BONE, [(16, -47, -103), (60, -42, -96), (120, -8, -90)], [6.5, 5, 6]),
        *paired_tube("ClavicleMarrow", Tissue.MARROW, [(16, -47, -103), (60, -42, -96), (120, -8, -90)], [4, 3, 4]),
        Structure("Manubrium", Tissue.CORTICAL_BONE, (Ellipsoid((0, -49, -116), (24, 6.5, 14), 3),)),
        Structure("ManubriumMarrow", Tissue.MARROW, (Ellipsoid((0, -49, -116), (21, 4, 11), 3),)),
    ]
