"""Target volumes of radiotherapy around a patient's tumours: GTV, and CTV1 to CTV3, each inside the next.

The GTV is the tumours as a planner outlines them, a few millimetres larger than they are. CTV1 and CTV2 are 5 and 10 mm
around the GTV; CTV3 adds the elective neck, levels II to IV of both sides. None of them reaches into bone, air or skin.
Source of the margins: Jensen et al., The Danish Head and Neck Cancer Group (DAHANCA) 2020 radiotherapy guidelines,
Radiotherapy and Oncology 151, 2020.
"""

from __future__ import annotations

from dataclasses import dataclass

from hnseg.imaging.geometry import within_mm
from hnseg.phantom.body.shapes import BoolArray, Capsule, Point, tube
from hnseg.phantom.body.structure import mirror_image
from hnseg.phantom.challenges.recurrence.site import Site

CTV1_MM, CTV2_MM = 5.0, 10.0
"""Margins of CTV1 and CTV2 around the GTV."""

# Line along the left jugular vein through levels II to IV, and the radius of what is irradiated around it
_ELECTIVE: tuple[Point, ...] = ((36, 8, 30), (38, 6, 4), (36, 2, -26), (32, 2, -56), (30, 0, -88))
_ELECTIVE_MM = (11.0, 15.0, 15.0, 14.0, 12.0)


@dataclass(frozen=True)
class Targets:
    """Target volumes of a patient, bool (z, y, x) on the grid of the patient's `Site`.

    Attributes:
        soft_tissue: Where a tumour may grow, the tumours included.
        gtv: Gross tumour volume: primary and nodes as they were outlined.
        ctv1: High-risk volume, with the GTV.
        ctv2: Intermediate volume, with CTV1.
        ctv3: Elective volume, with CTV2.
    """

    soft_tissue: BoolArray
    gtv: BoolArray
    ctv1: BoolArray
    ctv2: BoolArray
    ctv3: BoolArray

    @classmethod
    def around(cls, tumours: BoolArray, site: Site, *, outline_mm: float) -> Targets:
        """Return the target volumes around tumours.

        Args:
            tumours: Mask of primary and nodes on the site's grid, (z, y, x); without any, only CTV3 is not empty.
            site: Head and neck of the patient.
            outline_mm: Distance of the GTV's outline from the tumours.
        """
        soft = site.soft_tissue() | tumours
        gtv = within_mm(tumours, outline_mm, site.grid) & soft
        ctv1, ctv2 = (within_mm(gtv, margin, site.grid) & soft for margin in (CTV1_MM, CTV2_MM))
        return cls(soft, gtv, ctv1, ctv2, ctv2 | (_elective_neck(site) & soft))


def _elective_neck(site: Site) -> BoolArray:
    left: list[Capsule] = tube(_ELECTIVE, _ELECTIVE_MM, (0.85, 1.25, 1.0))
    return site.within((*left, *(mirror_image(one) for one in left)))
