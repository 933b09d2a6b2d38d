"""Oracle of surface distances: HD95 by google-deepmind's own surface-distance."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import surface_distance


def library_hd95_mm(one: np.ndarray, other: np.ndarray, spacing_zyx_mm: tuple[float, float, float]) -> float:
    """Return the library's HD95 of two masks, (z, y, x)."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # The published version was written for numpy 1 and names of scipy that are about to go.
        patch.setattr(np, "Inf", np.inf, raising=False)
        warnings.simplefilter("ignore", DeprecationWarning)
        distances = surface_distance.compute_surface_distances(one, other, spacing_zyx_mm)
        return float(surface_distance.compute_robust_hausdorff(distances, 95))
