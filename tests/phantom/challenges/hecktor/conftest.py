"""Patients of HECKTOR on very coarse grids."""

from __future__ import annotations

import functools

from hnseg.phantom.challenges.hecktor.patient import Patient, Scanners, Variant, draw_patient
from hnseg.phantom.scanners.grids import Acquisition

COARSE = Scanners(
    ct=Acquisition((50, 54), (52, 56), (58, 62), (5.0, 5.0, 5.0), spread=0.05),
    pet=Acquisition((44, 48), (46, 50), (58, 62), (5.5, 5.5, 5.0), spread=0.05),
)


@functools.cache
def coarse(index: int) -> Patient:
    """Return the head and neck of a patient by number; the same number gives the same patient."""
    return draw_patient(5, index, variant=Variant(whole_body=False, scanners=COARSE))
