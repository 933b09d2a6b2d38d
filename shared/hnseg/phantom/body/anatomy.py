"""Anatomy of the head and neck as an ordered list of shapes; later structures are painted over earlier ones.

The origin lies in the midline of the pharynx at the height of the third cervical vertebra. Positions and sizes are
those of an average adult, rounded to a millimetre or two; each patient's own come from `Habitus` and a smooth
deformation.
"""

from __future__ import annotations

import numpy as np

from hnseg.phantom.body.habitus import Habitus
from hnseg.phantom.body.shapes import Capsule, Contour, Ellipsoid, Point, Shape, tube
from hnseg.phantom.body.structure import Structure, mirror_image, paired, paired_tube
from hnseg.phantom.body.tissues import Tissue

_SKIN_MM = 2.5
# Cross-sections from the chest to the vertex: z, half width, front y, back y in mm
_OUTLINE = (
    (-130, 180, -75, 85),
    (-95, 150, -62, 82),
    (-78, 95, -50, 74),
    (-64, 66, -46, 68),
    (-45, 59, -48, 66),
    (-28, 58, -52, 66),
    (-18, 60, -66, 67),
    (-8, 62, -84, 69),
    (8, 66, -92, 73),
    (26, 70, -94, 80),
    (45, 73, -96, 90),
    (75, 76, -94, 97),
    (110, 75, -88, 98),
    (140, 62, -68, 84),
    (160, 40, -40, 56),
    (170, 12, -8, 22),
)
# Lumen from the nose to the larynx: x, y, z, radius; then the course of the trachea
_PHARYNX = ((0, -22, 44, 8), (0, -9, 26, 7), (0, -8, 8, 7), (0, -9, -8, 8), (0, -13, -22, 7))
_TRACHEA: tuple[Point, ...] = ((0, -22, -28), (0, -20, -44), (0, -14, -80), (0, 0, -130))
# Name, squash, and points along the muscle: x, y, z, radius
# fmt: off
_MUSCLES: tuple[tuple[str, Point, tuple[tuple[float, float, float, float], ...]], ...] = (
    ("Trapezius", (1.9, 0.8, 1), ((10, 60, 60, 5), (16, 59, 10, 6), (28, 56, -45, 7), (70, 52, -85, 9))),
    ("Splenius", (1.3, 0.75, 1), ((26, 52, 50, 11), (26, 49, 0, 12), (25, 46, -60, 12), (28, 48, -110, 13))),
    ("Semispinalis", (0.95, 1.2, 1), ((10, 50, 44, 9), (11, 47, 0, 10), (11, 44, -60, 10), (12, 46, -110, 10))),
    ("Multifidus", (1, 1, 1), ((14, 40, 30, 8), (16, 37, 0, 9), (17, 36, -60, 9), (18, 36, -110, 9))),
    ("LevatorScapulae", (0.9, 1.2, 1), ((31, 28, 30, 7), (36, 34, -10, 9), (41, 40, -60, 10), (58, 52, -110, 10))),
    ("Scalenes", (1, 1, 1), ((20, 20, 14, 6), (25, 21, -15, 8), (30, 18, -60, 10), (38, 14, -100, 10))),
    ("LongusColli", (1.3, 0.8, 1), ((8, 4, 42, 5), (9, 7, 15, 5), (10, 8, -30, 4.5), (10, 12, -100, 4))),
    ("Sternocleidomastoid", (0.7, 1.45, 1), ((56, 26, 42, 6), (52, 22, 12, 9), (46, 8, -18, 11), (34, -16, -50, 10),
                                             (16, -34, -86, 8))),
    ("Straps", (1.4, 0.7, 1), ((7, -40, -20, 4), (11, -38, -45, 4.5), (13, -34, -90, 5))),
    ("Masseter", (0.85, 1.55, 1), ((51, -24, -2, 8), (55, -30, 14, 10), (57, -38, 36, 7))),
    ("PterygoidMedial", (0.85, 1.5, 1), ((41, -14, 2, 7), (34, -18, 20, 9), (26, -22, 40, 7))),
    ("PterygoidLateral", (1, 1, 1), ((46, -6, 44, 9), (30, -24, 42, 9))),
    ("Temporalis", (0.7, 2, 1), ((50, -32, 40, 6), (58, -32, 62, 8), (66, -20, 90, 6))),
)
# fmt: on


def structures_of(habitus: Habitus) -> list[Structure]:
    """Return a patient's structures in the order of painting.

    Args:
        habitus: Build of the patient.
    """
    return [
        *_surface(habitus),
        *_muscles(habitus),
        *_skull_and_brain(),
        *_spine(),
        *_jaws(),
        *_glands_and_nodes(habitus),
        *_mouth(habitus),
        *_pharynx_wall(habitus),
        *_larynx_and_oesophagus(),
        *_airway(habitus),
        *_vessels(),
    ]


def _surface(habitus: Habitus) -> list[Structure]:
    knots = tuple((z, wide * habitus.girth, front, back) for z, wide, front, back in _OUTLINE)
    nose, ear = Ellipsoid((0, -97, 44), (13, 17, 17)), Ellipsoid((76 * habitus.girth, 14, 52), (5, 14, 24))
    nose_core = Ellipsoid((0, -96, 44), (10, 14, 14))
    return [
        Structure("Skin", Tissue.SKIN, (Contour(knots), nose, ear, mirror_image(ear)), at_surface=True),
        Structure("Fat", Tissue.FAT, (Contour(knots, _SKIN_MM), nose_core), at_surface=True),
        # The platysma and the muscles of the face bound the fat under the skin.
        Structure("Fascia", Tissue.MUSCLE, (Contour(knots, _SKIN_MM + 6.5 * habitus.fat),)),
        Structure("DeepFat", Tissue.FAT, (Contour(knots, _SKIN_MM + 6.5 * habitus.fat + 1.8),)),
    ]


def _muscles(habitus: Habitus) -> list[Structure]:
    parts = [
        *paired_tube("DigastricBack", Tissue.MUSCLE, [(46, 16, 36), (38, -4, 8), (22, -32, -14)], [4, 4, 2.5]),
        *paired_tube(
            "Buccinator", Tissue.MUSCLE, [(22, -78, 10), (36, -60, 12), (44, -36, 14)], [3, 3, 3], (1, 1, 3.5)
        ),
        Structure("Lips", Tissue.MUSCLE, (Ellipsoid((0, -84, 10), (20, 6, 14)),)),
    ]
    for name, squash, stations in _MUSCLES:
        points = [(x, y, z) for x, y, z, _ in stations]
        radii_mm = [radius * habitus.muscle for *_, radius in stations]
        parts += paired_tube(name, Tissue.MUSCLE, points, radii_mm, squash)
    return parts


def _skull_and_brain() -> list[Structure]:
    vault, fossa = ((0, 6, 108), (65, 82, 66)), ((0, 44, 64), (50, 38, 30))

    def around(margin: float) -> tuple[Shape, ...]:
        """Return the vault and the fossa, larger by a margin in mm."""
        return tuple(Ellipsoid(c, (r[0] + margin, r[1] + margin, r[2] + margin)) for c, r in (vault, fossa))

    return [
        *paired("Maxilla", Tissue.CORTICAL_BONE, Ellipsoid((26, -58, 38), (19, 23, 22), 2.3)),
        *paired("MaxillaryMarrow", Tissue.MARROW, Ellipsoid((30, -52, 24), (10, 10, 6))),
        *paired("MaxillarySinus", Tissue.AIRWAY, Ellipsoid((27, -57, 42), (13, 17, 14), 2.1)),
        *paired("SinusLining", Tissue.MUCOSA, Ellipsoid((30, -50, 32), (9, 9, 5))),
        *paired("Zygoma", Tissue.CORTICAL_BONE, Capsule((44, -66, 48), (66, -22, 52), 5, 3.5)),
        *paired("ZygomaMarrow", Tissue.MARROW, Capsule((46, -64, 48), (64, -26, 52), 2.8, 1.5)),
        Structure("SkullBase", Tissue.CORTICAL_BONE, (Ellipsoid((0, -6, 60), (34, 30, 13), 2.5),)),
        Structure(
            "ClivusMarrow", Tissue.MARROW, (Ellipsoid((0, 2, 56), (15, 12, 7)), Ellipsoid((0, 6, 50), (9, 6, 8)))
        ),
        *paired("Mastoid", Tissue.CORTICAL_BONE, Ellipsoid((52, 26, 50), (14, 16, 16))),
        *paired("MastoidCells", Tissue.MARROW, Ellipsoid((53, 27, 46), (8, 9, 8))),
        Structure("Skull", Tissue.CORTICAL_BONE, around(9)),
        Structure("Diploe", Tissue.MARROW, around(6.5)),
        Structure("SkullInside", Tissue.CORTICAL_BONE, around(4)),
        Structure("CSF", Tissue.CSF, around(2)),
        Structure("Brain", Tissue.BRAIN, around(-1.5)),
        Structure("Cistern", Tissue.CSF, (Ellipsoid((0, 16, 60), (18, 9, 16)),)),
        Structure("Brainstem", Tissue.CORD, tuple(tube([(0, 26, 36), (0, 22, 56), (0, 16, 85)], [7, 11, 14]))),
        Structure("FourthVentricle", Tissue.CSF, (Ellipsoid((0, 35, 66), (7, 4, 10)),)),
        *paired("Orbit", Tissue.FAT, Ellipsoid((32, -64, 76), (16, 24, 16))),
        *paired("Eye", Tissue.VITREOUS, Ellipsoid((33, -76, 77), (12, 12, 12))),
    ]


def _spine() -> list[Structure]:
    parts: list[Structure] = [
        Structure(
            "Discs",
            Tissue.DISC,
            tuple(tube([_front_of_spine(z) for z in (28, 0, -40, -80, -130)], [8.5] * 5, (1.25, 0.95, 1.0))),
        ),
    ]
    for height in range(-124, 40, 17):
        x, y, z = _front_of_spine(height)
        sides = [((s * 8, y + 6, z), (s * 19, y + 6, z - 1)) for s in (-1, 1)]
        arch = [((s * 14, y + 12, z), (s * 2, y + 29, z - 2)) for s in (-1, 1)]
        spine = ((x, y + 28, z - 2), (x, y + 40, z - 8))
        bones = [Capsule(a, b, 4.2, 3.6, (1, 1, 1.3)) for a, b in [*sides, *arch, spine]]
        marrows = [Capsule(a, b, 2.2, 1.8, (1, 1, 1.3)) for a, b in [*sides, *arch, spine]]
        parts += [
            Structure("Vertebra", Tissue.CORTICAL_BONE, (Ellipsoid((x, y, z), (12, 9, 7.4), 4), *bones)),
            Structure("VertebraMarrow", Tissue.MARROW, (Ellipsoid((x, y, z), (10.4, 7.4, 5.8), 4), *marrows)),
        ]
    canal = [(0.0, _front_of_spine(z)[1] + 17, z) for z in (44.0, 20.0, 0.0, -40.0, -80.0, -130.0)]
    return [
        *parts,
        Structure("SpinalCanal", Tissue.CSF, tuple(tube(canal, [9, 8, 7.4, 7.4, 7.2, 7.2], (1.15, 0.95, 1)))),
        Structure("SpinalCord", Tissue.CORD, tuple(tube(canal, [5.5, 5, 5, 5, 5, 4.5], (1.25, 0.85, 1)))),
    ]


def _front_of_spine(z: float) -> Point:
    """Return the centre of a vertebral body at a height, along the lordosis of the neck."""
    return (0.0, 19 - 4 * float(np.cos(z / 45)), z)


def _jaws() -> list[Structure]:
    arch: list[Point] = [(0, -76, -6), (14, -72, -6), (27, -58, -5), (37, -40, -3), (45, -20, 2)]
    ramus: list[Point] = [(45, -20, 2), (48, -14, 22), (50, -4, 46)]
    teeth: list[Point] = [(0, -74, 0), (13, -70, 0), (24, -55, 0), (30, -40, 0)]
    lower = [(x, y, 6.0) for x, y, _ in teeth]
    upper = [(x * 1.05, y, 17.0) for x, y, _ in teeth]
    slim: Point = (0.75, 0.75, 1.5)
    return [
        *paired_tube("Mandible", Tissue.CORTICAL_BONE, arch, [7, 7, 6.5, 6.5, 7], slim),
        *paired_tube("Ramus", Tissue.CORTICAL_BONE, ramus, [6.5, 6, 6], (0.75, 1.5, 1)),
        *paired_tube("MandibleMarrow", Tissue.MARROW, arch, [4, 4, 4, 4, 4], slim),
        *paired_tube("RamusMarrow", Tissue.MARROW, ramus, [3.6, 3, 3], (0.75, 1.5, 1)),
        *paired_tube("UpperJaw", Tissue.MARROW, [(x, y, 23) for x, y, _ in upper], [4] * 4),
        *paired_tube("LowerTeeth", Tissue.TOOTH, lower, [3, 3, 3.5, 4], (1, 1, 1.4)),
        *paired_tube("UpperTeeth", Tissue.TOOTH, upper, [3, 3, 3.5, 4], (1, 1, 1.4)),
        *paired_tube("Hyoid", Tissue.CORTICAL_BONE, [(0, -38, -18), (12, -35, -18), (19, -20, -15)], [3.4, 3, 2]),
        *paired_tube("HyoidMarrow", Tissue.MARROW, [(0, -38, -18), (10, -36, -18)], [1.7, 1.5]),
    ]


def _glands_and_nodes(habitus: Habitus) -> list[Structure]:
    g = habitus.gland
    nodes = tuple(Ellipsoid(centre, radii) for centre, radii in habitus.benign_nodes)
    return [
        *paired("Parotid", Tissue.PAROTID, Ellipsoid((57, 0, 20), (10 * g, 17 * g, 25 * g), 2.3)),
        *paired("ParotidDeep", Tissue.PAROTID, Ellipsoid((47, 8, 20), (9 * g, 7 * g, 15 * g))),
        *paired("ParotidTail", Tissue.PAROTID, Ellipsoid((53, 6, 0), (8 * g, 9 * g, 11 * g))),
        *paired("Submandibular", Tissue.SUBMANDIBULAR, Ellipsoid((33, -27, -14), (8 * g, 13 * g, 12 * g), 2.4)),
        *paired_tube("Sublingual", Tissue.SUBMANDIBULAR, [(9, -62, -3), (18, -48, -2)], [3.5 * g, 4 * g], (1, 1, 1.5)),
        *paired("Thyroid", Tissue.THYROID, Ellipsoid((16, -14, -62), (8, 10, 20))),
        Structure("BenignNodes", Tissue.LYMPHOID, nodes),
    ]


def _mouth(habitus: Habitus) -> list[Structure]:
    up = habitus.tongue_mm
    return [
        Structure("HardPalate", Tissue.CORTICAL_BONE, (Ellipsoid((0, -56, 28), (24, 24, 4), 3),)),
        Structure("PalateMucosa", Tissue.MUCOSA, (Ellipsoid((0, -54, 23.5), (20, 22, 3.5), 3),)),
        Structure("NasalCavity", Tissue.AIRWAY, (Ellipsoid((0, -62, 44), (13, 34, 14), 2.6),)),
        *paired_tube("Turbinate", Tissue.MUCOSA, [(7, -82, 38), (8, -60, 38), (8, -38, 38)], [3.5, 4.2, 3.5]),
        *paired_tube("MiddleTurbinate", Tissue.MUCOSA, [(6, -74, 49), (7, -50, 50)], [2.6, 3]),
        Structure("Septum", Tissue.CARTILAGE, (Ellipsoid((0, -62, 44), (1.6, 34, 16), 4),)),
        *paired_tube(
            "Mylohyoid", Tissue.MUSCLE, [(0, -62, -12), (16, -48, -9), (24, -30, -6)], [5, 5, 5], (1.2, 1, 0.9)
        ),
        *paired_tube("Geniohyoid", Tissue.MUSCLE, [(5, -66, -8), (5, -40, -16)], [5, 5]),
        Structure(
            "Tongue",
            Tissue.TONGUE,
            (Ellipsoid((0, -42, 5 + up), (22, 29, 17), 2.4), Ellipsoid((0, -30, -4 + up), (17, 16, 13))),
        ),
        *paired("Genioglossus", Tissue.MUSCLE, Capsule((4.5, -64, -4), (6, -36, 6 + up), 4, 5, (0.8, 1, 1.6))),
        Structure("LingualSeptum", Tissue.FAT, (Ellipsoid((0, -46, 2 + up), (0.9, 19, 12)),)),
        *paired("Hyoglossus", Tissue.MUSCLE, Ellipsoid((20, -34, -4), (3, 13, 10))),
        Structure("OralAir", Tissue.AIRWAY, (Ellipsoid((0, -50, 21.5 + min(up, 0) / 2), (13, 18, 1.6)),)),
    ]


def _pharynx_wall(habitus: Habitus) -> list[Structure]:
    return [
        Structure("Constrictors", Tissue.MUSCLE, tuple(_pharynx(habitus, margin=5))),
        Structure("PharynxMucosa", Tissue.MUCOSA, tuple(_pharynx(habitus, margin=2))),
    ]


def _pharynx(habitus: Habitus, margin: float) -> list[Capsule]:
    """Return the lumen from the nose to the larynx, widened by a margin in mm."""
    points = [(x, y, z) for x, y, z, _ in _PHARYNX]
    return tube(points, [radius * habitus.airway + margin for *_, radius in _PHARYNX], (1.3, 0.75, 1))


def _larynx_and_oesophagus() -> list[Structure]:
    oesophagus: list[Point] = [(0, 0, -44), (2, 3, -80), (4, 10, -130)]
    plates: list[Point] = [(0, -40, -34), (10, -33, -34), (19, -14, -34)]
    return [
        Structure("Larynx", Tissue.MUSCLE, (Ellipsoid((0, -23, -34), (17, 15, 17), 2.5),)),
        Structure("ParaglotticFat", Tissue.FAT, (Ellipsoid((0, -30, -24), (10, 5, 8)),)),
        *paired_tube("ThyroidCartilage", Tissue.CARTILAGE, plates, [2.4, 2.2, 2], (1, 1, 4.5)),
        Structure("Cricoid", Tissue.CARTILAGE, (Ellipsoid((0, -19, -50), (13, 13, 7), 3),)),
        Structure("Trachea", Tissue.CARTILAGE, tuple(tube(_TRACHEA[1:], [10, 10.5, 10.5]))),
        Structure("Oesophagus", Tissue.MUSCLE, tuple(tube(oesophagus, [6, 6, 7], (1.4, 0.8, 1)))),
        Structure("OesophagusMucosa", Tissue.MUCOSA, tuple(tube(oesophagus, [2.4] * 3, (1.8, 0.7, 1)))),
    ]


def _airway(habitus: Habitus) -> list[Structure]:
    *_, (x, y, z, radius) = _PHARYNX
    outlet = tube([(x, y, z), _TRACHEA[0]], [radius * habitus.airway, 5], (0.8, 1.2, 1))
    palate: list[Point] = [(0, -34, 27), (0, -18, 22), (0, -12, 12)]
    return [
        *paired("Tonsil", Tissue.LYMPHOID, Ellipsoid((14 * habitus.airway, -14, 9), (4.5, 6.5, 9))),
        Structure("LingualTonsil", Tissue.LYMPHOID, (Ellipsoid((0, -16, -4), (11, 3.5, 7)),)),
        Structure("Adenoid", Tissue.LYMPHOID, (Ellipsoid((0, -8, 40), (9, 3.5, 6)),)),
        Structure("Airway", Tissue.AIRWAY, (*_pharynx(habitus, margin=0), *outlet)),
        Structure("Glottis", Tissue.AIRWAY, tuple(tube(_TRACHEA[:2], [4.5, 7], (0.7, 1.5, 1)))),
        Structure("TracheaAir", Tissue.AIRWAY, tuple(tube(_TRACHEA[1:], [8, 8.5, 8.5]))),
        Structure("SoftPalate", Tissue.MUSCLE, tuple(tube(palate, [4, 4, 2.5], (2.2, 0.8, 0.8)))),
        Structure("Epiglottis", Tissue.MUCOSA, (Capsule((0, -16, -8), (0, -24, -24), 2.2, 2.0, (4, 0.8, 1)),)),
    ]


def _vessels() -> list[Structure]:
    return [
        *paired_tube(
            "Carotid",
            Tissue.ARTERY,
            [(24, 8, 48), (25, 5, 15), (24, 0, -10), (22, -4, -35), (20, -2, -110)],
            [2.4, 2.6, 3.6, 3.4, 3.4],
        ),
        *paired_tube("CarotidExternal", Tissue.ARTERY, [(27, -7, -10), (33, -7, 10), (48, 0, 38)], [2.2, 2, 1.6]),
        *paired_tube(
            "Jugular",
            Tissue.VEIN,
            [(29, 14, 48), (32, 10, 15), (32, 6, -10), (29, 2, -35), (27, 0, -110)],
            [3.5, 4.5, 5, 5.4, 5.8],
            (1.1, 0.9, 1),
        ),
        *paired_tube("JugularExternal", Tissue.VEIN, [(57, 4, 2), (56, 16, -30), (46, 14, -70)], [1.8, 1.8, 2]),
        *paired_tube("Retromandibular", Tissue.VEIN, [(52, 0, 38), (53, 2, 4)], [2, 2]),
        *paired_tube("Vertebral", Tissue.ARTERY, [(16, 22, 36), (15, 21, -40), (18, 14, -110)], [1.8, 1.8, 1.8]),
    ]
