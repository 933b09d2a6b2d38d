"""Patient of HNTS-MRG on a very coarse grid, shared by tests."""

from __future__ import annotations

import pytest

from hnseg.phantom.challenges.hnts_mrg import Patient, Variant, draw_patient
from hnseg.phantom.scanners.grids import Acquisition

TINY = Acquisition((34, 38), (40, 44), (16, 18), (5.0, 5.0, 7.0), spread=0.05)


@pytest.fixture(scope="session")
def patient() -> Patient:
    """A patient on a very coarse grid, with tumours of both kinds at both times."""
    return draw_patient(3, 0, variant=Variant(primary=True, primary_vanishes=False, nodes=True, acquisition=TINY))
