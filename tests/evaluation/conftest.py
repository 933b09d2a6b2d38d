"""Grids on which label maps of boxes lie in space."""

from __future__ import annotations

import pytest

TURNED_30_DEGREES = (3**0.5 / 2, -0.5, 0.0, 0.5, 3**0.5 / 2, 0.0, 0.0, 0.0, 1.0)

GRIDS = {
    "isotropic": {},
    "anisotropic": {"spacing_mm": (0.5, 0.5, 2.0)},
    "shifted": {"spacing_mm": (0.5, 0.5, 2.0), "origin_mm": (-135.25, -186.26, -329.0)},
    "oblique": {"spacing_mm": (0.985, 0.985, 1.2), "origin_mm": (80.0, -90.0, 20.0), "direction": TURNED_30_DEGREES},
}


@pytest.fixture(params=GRIDS.values(), ids=GRIDS.keys())
def grid(request) -> dict:
    """How a label map lies in space."""
    return request.param
