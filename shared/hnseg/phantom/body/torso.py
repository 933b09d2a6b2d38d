"""Anatomy below the neck, roughly, for scans from the vertex to the thighs.

The outline of the head and neck ends at the upper chest; here it continues to the thighs, with the large organs, a
spine without single vertebrae, ribs, the pelvis and, where they lie beside the body, the arms.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from hnseg.phantom.body.shapes import Capsule, Contour, Ellipsoid, Point, Shape, tube
from hnseg.phantom.body.structure import Structure, mirror_image, paired, paired_tube
from hnseg.phantom.body.tissues import Tissue

# Cross-sections from the thighs to the outline of the head and neck: z, half width, front y, back y in mm
_OUTLINE = (
    (-860, 150, -72, 80),
    (-740, 172, -88, 98),
    (-650, 180, -104, 108),
    (-560, 166, -110, 100),
    (-450, 152, -112, 92),
    (-350, 160, -116, 94),
    (-250, 170, -110, 96),
    (-190, 178, -98, 95),
    (-160, 186, -88, 92),
)
_WALL_TOP_MM, _WALL_MM = -150.0, 13.0
_CHEST_TOP_MM, _RIBS, _RIB_STEP_MM = -128.0, 10, 24.0
# Middle line of the spine
_SPINE: tuple[Point, ...] = (
    (0, 24, -128), (0, 38, -180), (0, 46, -250), (0, 42, -350), (0, 34, -450), (0, 42, -540), (0, 66, -610),
)  # fmt: skip
_ARM: tuple[Point, ...] = ((182, 14, -150), (212, 22, -290), (218, 20, -400), (208, -10, -520), (196, -36, -640))


def with_torso(body: Iterable[Structure], *, arms: bool) -> list[Structure]:
    """Return a head and neck with a torso.

    Args:
        body: Structures of the head and neck in the order of painting; its outline consists of contours.
        arms: Whether the arms lie beside the body; otherwise they are outside the scan.

    Returns:
        Structures in the order of painting.
    """
    whole: list[Structure] = []
    for structure in body:
        longer = tuple(_lengthened(shape) for shape in structure.shapes)
        limbs = _arms(_outline_depth(longer)) if arms and structure.at_surface and _is_outline(longer) else ()
        whole.append(replace(structure, shapes=(*longer, *limbs)))
        if structure.name == "DeepFat":
            whole += [*_wall_and_muscles(longer), *(_inside_the_arms() if arms else ())]
            whole += [*_chest(), *_abdomen(), *_bones()]
    return whole


def _lengthened(shape: Shape) -> Shape:
    if not isinstance(shape, Contour):
        return shape
    # The trunk is as wide as the shoulders above it.
    width = shape.knots[0][1] / 180
    below = tuple((z, wide * width, front, back) for z, wide, front, back in _OUTLINE)
    return replace(shape, knots=(*below, *shape.knots))


def _is_outline(shapes: tuple[Shape, ...]) -> bool:
    return isinstance(shapes[0], Contour)


def _outline_depth(shapes: tuple[Shape, ...]) -> float:
    return shapes[0].depth_mm if isinstance(shapes[0], Contour) else 0.0


def _arms(depth_mm: float) -> tuple[Shape, ...]:
    """Return both arms, without their outer layer of a depth."""
    radii = [radius - depth_mm for radius in (46.0, 44.0, 42.0, 38.0, 32.0)]
    return _both(tube(_ARM, radii))


def _both(shapes: Iterable[Capsule]) -> tuple[Shape, ...]:
    return tuple(side for shape in shapes for side in (shape, mirror_image(shape)))


def _inside_the_arms() -> list[Structure]:
    return [
        Structure("ArmMuscle", Tissue.MUSCLE, _arms(9)),
        Structure("ArmBone", Tissue.CORTICAL_BONE, _both(tube(_ARM, [20, 11, 13, 10, 10]))),
        Structure("ArmMarrow", Tissue.MARROW, _both(tube(_ARM, [17, 7, 9, 6, 6]))),
    ]


def _wall_and_muscles(outline: tuple[Shape, ...]) -> list[Structure]:
    """Return the muscles of the wall, of the back and of the thighs, and the gap between the thighs."""
    knots = tuple(knot for shape in outline if isinstance(shape, Contour) for knot in shape.knots)
    wall = tuple(knot for knot in knots if knot[0] <= _WALL_TOP_MM)
    depth_mm = _outline_depth(outline)
    gap = Capsule((0, 0, -735), (0, 0, -900), 12, 26, (1, 6, 1))
    return [
        Structure("Wall", Tissue.MUSCLE, (Contour(wall, depth_mm + 5),)),
        Structure("InsideTheWall", Tissue.FAT, (Contour(wall, depth_mm + 5 + _WALL_MM),)),
        *paired_tube("BackMuscle", Tissue.MUSCLE, [(24, 58, -130), (38, 72, -250), (36, 66, -560)], [18, 21, 26]),
        *paired("Psoas", Tissue.MUSCLE, Capsule((36, 40, -420), (70, 10, -640), 17, 22)),
        *paired("Gluteal", Tissue.MUSCLE, Ellipsoid((82, 62, -610), (56, 34, 70))),
        *paired("Thigh", Tissue.MUSCLE, Capsule((86, 4, -690), (80, 2, -900), 66, 60)),
        *paired("Shoulder", Tissue.MUSCLE, Ellipsoid((140, 34, -160), (46, 40, 46))),
        Structure("BetweenTheThighs", Tissue.OUTSIDE, (gap,), at_surface=True),
    ]


def _chest() -> list[Structure]:
    arch: list[Point] = [(6, -24, -232), (2, -16, -190), (14, 20, -188), (20, 26, -270), (8, 18, -440)]
    bronchi: list[Point] = [(0, 0, -130), (0, 8, -190), (26, 12, -212)]
    oesophagus: list[Point] = [(4, 10, -130), (6, 24, -240), (20, 0, -330)]
    return [
        *paired("Lung", Tissue.LUNG, Ellipsoid((70, -4, -232), (56, 72, 116), 2.3)),
        Structure("Mediastinum", Tissue.FAT, (Ellipsoid((0, -10, -230), (30, 70, 110), 2.6),)),
        Structure("Heart", Tissue.HEART_WALL, (Ellipsoid((26, -38, -272), (46, 40, 46)),)),
        Structure("HeartChambers", Tissue.BLOOD, (Ellipsoid((22, -36, -266), (34, 28, 35)),)),
        Structure("Aorta", Tissue.BLOOD, tuple(tube(arch, [14, 13, 12, 11, 9]))),
        Structure("VenaCava", Tissue.BLOOD, tuple(tube([(-22, -20, -170), (-24, -18, -250)], [9, 10]))),
        Structure("ThoracicOesophagus", Tissue.MUSCLE, tuple(tube(oesophagus, [8, 8, 9]))),
        Structure("Bronchi", Tissue.CARTILAGE, _both(tube(bronchi, [10.5, 10, 7]))),
        Structure("BronchiAir", Tissue.AIRWAY, _both(tube(bronchi, [8.5, 8, 5]))),
    ]


def _abdomen() -> list[Structure]:
    return [
        Structure("Bowel", Tissue.BOWEL, (Ellipsoid((6, -44, -480), (104, 48, 106), 2.5),)),
        Structure("Stomach", Tissue.BOWEL, (Ellipsoid((56, -36, -368), (42, 34, 50)),)),
        Structure(
            "Liver",
            Tissue.LIVER,
            (Ellipsoid((-64, -8, -362), (72, 76, 72), 2.4), Ellipsoid((0, -50, -350), (60, 34, 34))),
        ),
        Structure("Spleen", Tissue.SPLEEN, (Ellipsoid((98, 34, -366), (26, 38, 48)),)),
        *paired("Kidney", Tissue.KIDNEY, Ellipsoid((62, 36, -436), (27, 24, 54))),
        *paired("RenalPelvis", Tissue.URINE, Ellipsoid((52, 32, -438), (9, 9, 18))),
        Structure("Bladder", Tissue.URINE, (Ellipsoid((0, -38, -652), (38, 32, 28)),)),
    ]


def _bones() -> list[Structure]:
    wing: list[Point] = [(34, 64, -560), (88, 46, -536), (112, 0, -552), (98, -10, -620), (92, 6, -656)]
    seat: list[Point] = [(92, 6, -656), (52, 44, -706), (16, -48, -676)]
    femur: list[Point] = [(90, 4, -658), (118, 8, -690), (96, 4, -900)]
    canal: list[Point] = [(x, y + 24, z) for x, y, z in _SPINE]
    ridge = [Capsule((0, y + 38, z), (0, y + 48, z - 8), 5, 4, (0.8, 1, 3)) for _, y, z in _SPINE[1:]]
    parts = [
        Structure("Ribs", Tissue.CORTICAL_BONE, _ribs(5.0)),
        Structure("RibMarrow", Tissue.MARROW, _ribs(3.2)),
        Structure("Sternum", Tissue.CORTICAL_BONE, (Ellipsoid((0, -80, -200), (20, 7, 76), 3),)),
        Structure("SternumMarrow", Tissue.MARROW, (Ellipsoid((0, -80, -200), (17, 4.5, 72), 3),)),
        *paired("Scapula", Tissue.CORTICAL_BONE, Ellipsoid((96, 66, -196), (42, 5, 62))),
        Structure("Spine", Tissue.CORTICAL_BONE, (*tube(_SPINE, [13, 15, 18, 20, 23, 24, 18]), *ridge)),
        Structure("SpineMarrow", Tissue.MARROW, tuple(tube(_SPINE, [11, 13, 16, 18, 21, 22, 16]))),
        Structure("TrunkCanal", Tissue.CSF, tuple(tube(canal, [7.5] * len(canal)))),
        Structure("TrunkCord", Tissue.CORD, tuple(tube(canal[:5], [4.5] * 5))),
    ]
    for name, line, radii in (("Ilium", wing, [13, 9, 9, 12, 27]), ("Ischium", seat, [20, 13, 9])):
        parts += paired_tube(name, Tissue.CORTICAL_BONE, line, radii)
        parts += paired_tube(f"{name}Marrow", Tissue.MARROW, line, [radius - 2.5 for radius in radii])
    parts += paired_tube("Femur", Tissue.CORTICAL_BONE, femur, [23, 20, 14])
    return [*parts, *paired_tube("FemurMarrow", Tissue.MARROW, femur, [20, 16, 8])]


def _ribs(radius_mm: float) -> tuple[Shape, ...]:
    """Return the ribs of both sides: from the spine around the lungs, down towards the sternum."""
    shapes: list[Capsule] = []
    for number in range(_RIBS):
        z = _CHEST_TOP_MM - number * _RIB_STEP_MM
        wide = float(np.interp(number, (0, 1, 3, _RIBS), (70, 96, 130, 138)))
        angles = (np.linspace(0.12, 0.86, 7) * np.pi).tolist()
        course = [(wide * math.sin(a), -2 + 82 * math.cos(a), z - 16 * a) for a in angles]
        shapes += tube(course, [radius_mm] * len(course), (0.8, 0.8, 1.2))
    return _both(shapes)
