"""Patients with recurrences on very coarse grids."""

from __future__ import annotations

import functools

from hnseg.phantom.challenges.hecktor import Variant as Scanned
from hnseg.phantom.challenges.recurrence.files import Patient
from hnseg.phantom.challenges.recurrence.patient import Variant, draw_patient
from tests.phantom.challenges.hecktor.conftest import COARSE

SCANNED = Scanned(primary=True, whole_body=False, scanners=COARSE)


@functools.cache
def coarse(index: int, count: int) -> Patient:
    """Return the head and neck of a patient with some recurrences and a brain mask, by number."""
    return draw_patient(5, index, variant=Variant(SCANNED, recurrences=count, has_brain=True))
