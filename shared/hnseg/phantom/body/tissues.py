"""Tissues of a phantom's voxels."""

from __future__ import annotations

from enum import IntEnum


class Tissue(IntEnum):
    """Tissue of a voxel; the numbers are only labels of a tissue map."""

    OUTSIDE = 0
    SKIN = 1
    FAT = 2
    MUSCLE = 3
    TONGUE = 4
    MUCOSA = 5
    PAROTID = 6
    SUBMANDIBULAR = 7
    LYMPHOID = 8
    THYROID = 9
    CARTILAGE = 10
    CORTICAL_BONE = 11
    MARROW = 12
    TOOTH = 13
    DISC = 14
    ARTERY = 15
    VEIN = 16
    CSF = 17
    CORD = 18
    BRAIN = 19
    VITREOUS = 20
    AIRWAY = 21
    TUMOUR = 22
    NECROSIS = 23
    OPTIC_NERVE = 24
    PITUITARY = 25
    COCHLEA = 26
    LACRIMAL = 27
    LENS = 28
    # Below the neck
    LUNG = 29
    LIVER = 30
    SPLEEN = 31
    KIDNEY = 32
    URINE = 33
    HEART_WALL = 34
    BLOOD = 35
    BOWEL = 36
    # Different from another tissue in FDG uptake alone
    EYE_MUSCLE = 37
    VOCAL_MUSCLE = 38
    WHITE_MATTER = 39
    QUIET_NODE = 40
    REACTIVE_NODE = 41
