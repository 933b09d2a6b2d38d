"""Codes of structures: what a segment is of, in SNOMED CT's and DICOM's own codes.

The codes are those of pydicom's dictionary of DICOM's context groups. A structure that these do not have gets the code
of anatomical structures in general; its name stays that of the segment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.sr.coding import Code

_ANATOMY = Code("91723000", "SCT", "Anatomical Structure")
_ABNORMAL = Code("49755003", "SCT", "Morphologically Abnormal Structure")
_CONCEPT = Code("309825002", "SCT", "Spatial and Relational Concept")
_ENTROPY = Code("entropy", "99HNSEG", "Entropy of the segmentation")
_SIDES = {"L": Code("7771000", "SCT", "Left"), "R": Code("24028007", "SCT", "Right")}

_TARGETS = {
    "GTVp": Code("86049000", "SCT", "Neoplasm, Primary"),
    "GTVn": Code("14799000", "SCT", "Neoplasm, Secondary"),
    "GTV": Code("108369006", "SCT", "Neoplasm"),
    "recurrence": Code("108369006", "SCT", "Neoplasm"),
}
_ORGANS = {
    "A_Carotid": Code("69105007", "SCT", "Carotid artery"),
    "Bone_Mandible": Code("91609006", "SCT", "Mandible"),
    "Brainstem": Code("119238007", "SCT", "Brain stem"),
    "BuccalMucosa": Code("16811007", "SCT", "Buccal mucosa"),
    "Cavity_Oral": Code("74262004", "SCT", "Oral cavity"),
    "Esophagus": Code("32849002", "SCT", "Esophagus"),
    "Eye": Code("81745001", "SCT", "Eye"),
    "Glnd_Lacrimal": Code("13561001", "SCT", "Lacrimal gland"),
    "Glnd_Submand": Code("54019009", "SCT", "Submandibular gland"),
    "Glnd_Thyroid": Code("69748006", "SCT", "Thyroid"),
    "Glottis": Code("1307006", "SCT", "Glottis"),
    "Larynx": Code("4596009", "SCT", "Larynx"),
    "Lips": Code("48477009", "SCT", "Lip"),
    "OpticChiasm": Code("244453006", "SCT", "Optic chiasm"),
    "OpticNrv": Code("18234004", "SCT", "Optic nerve"),
    "Parotid": Code("45289007", "SCT", "Parotid gland"),
    "Pituitary": Code("56329008", "SCT", "Pituitary"),
    "SpinalCord": Code("2748008", "SCT", "Spinal cord"),
}


@dataclass(frozen=True)
class SegmentCodes:
    """Codes of a segment.

    Attributes:
        category: Kind of property, such as anatomical structures.
        kind: What it is, such as a parotid gland.
        side: Left or right; None where it has none.
    """

    category: Code
    kind: Code
    side: Code | None = None


ENTROPY = SegmentCodes(_CONCEPT, _ENTROPY)
"""Codes of an entropy: DICOM and SNOMED CT have none, so its code is one of our own."""


def codes_of(name: str) -> SegmentCodes:
    """Return the codes of a structure by its name after AAPM's TG-263.

    >>> [codes_of(name).kind.meaning for name in ("GTVn", "Parotid_L", "Eye_PL", "Cochlea_R")]
    ['Neoplasm, Secondary', 'Parotid gland', 'Eye', 'Anatomical Structure']
    """
    target = re.match(r"(GTVp|GTVn|GTV|recurrence)(?![a-z])", name)
    if target is not None:
        return SegmentCodes(_ABNORMAL, _TARGETS[target[1]])
    side = re.search(r"_[AP]?([LR])$", name)
    stem = name[: side.start()] if side else re.sub(r"_S?G?$", "", name)
    return SegmentCodes(_ANATOMY, _ORGANS.get(stem, _ANATOMY), _SIDES[side[1]] if side else None)
