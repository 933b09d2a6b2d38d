"""Expected region of a structure that nobody outlined, from its place among the others in other patients.

Boxes are aligned with the world's axes, LPS, in mm. A patient's structures are laid on another's by shift and scale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hnseg.imaging.box import BoxMm

MARGIN_MM = 5.0
OUTERMOST = 5.0  # percentile of the other patients that a side of the region leaves out
ENOUGH_FOR_SCALE = 4  # structures in common; with fewer, chance would decide the scale


def expected_region(name: str, patient: Mapping[str, BoxMm], others: Sequence[Mapping[str, BoxMm]]) -> BoxMm | None:
    """Return the box in which a structure is expected.

    Args:
        name: Name of the structure, which this patient lacks.
        patient: Boxes of this patient's structures, by name.
        others: Boxes of other patients likewise; those without the structure are left out.

    Returns:
        A box around most of the places that the structure would have if this patient were any of the others, and a
        margin of 5 mm; None where no other patient has both the structure and one of this patient's.
    """
    carried = [
        _carried_over(other[name], other, patient)
        for other in others
        if name in other and patient.keys() & other.keys()
    ]
    if not carried:
        return None
    low = np.percentile([box.low_mm for box in carried], OUTERMOST, axis=0) - MARGIN_MM
    high = np.percentile([box.high_mm for box in carried], 100 - OUTERMOST, axis=0) + MARGIN_MM
    return BoxMm.between(low, high)


def _carried_over(box: BoxMm, other: Mapping[str, BoxMm], patient: Mapping[str, BoxMm]) -> BoxMm:
    """Return a box of the other patient carried over to this one."""
    common = sorted(other.keys() & patient.keys())
    there = np.stack([other[name].centre_mm for name in common])
    here = np.stack([patient[name].centre_mm for name in common])
    scale = float(here.std(axis=0).sum() / there.std(axis=0).sum()) if len(common) >= ENOUGH_FOR_SCALE else 1.0
    middle_there, middle_here = there.mean(axis=0), here.mean(axis=0)
    return BoxMm.between(
        (np.array(box.low_mm) - middle_there) * scale + middle_here,
        (np.array(box.high_mm) - middle_there) * scale + middle_here,
    )
