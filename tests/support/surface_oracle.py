"""Oracle of surface distances: those of google-deepmind's own surface-distance."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
import surface_distance

Spacing = tuple[float, float, float]


def library_hd95_mm(one: np.ndarray, other: np.ndarray, spacing_zyx_mm: Spacing, *, percent: float = 95) -> float:
    """Return the library's HD95 of two masks, (z, y, x), or another percentile."""
    with _library_as_of_numpy_1():
        distances = surface_distance.compute_surface_distances(one, other, spacing_zyx_mm)
        return float(surface_distance.compute_robust_hausdorff(distances, percent))


def library_hd_mm(one: np.ndarray, other: np.ndarray, spacing_zyx_mm: Spacing) -> float:
    """Return the library's HD, the 100th percentile, of two masks, (z, y, x)."""
    return library_hd95_mm(one, other, spacing_zyx_mm, percent=100)


def library_surface_dice(one: np.ndarray, other: np.ndarray, spacing_zyx_mm: Spacing, tolerance_mm: float) -> float:
    """Return the library's surface Dice of two masks, (z, y, x), at a tolerance."""
    with _library_as_of_numpy_1(), np.errstate(invalid="ignore"):
        distances = surface_distance.compute_surface_distances(one, other, spacing_zyx_mm)
        return float(surface_distance.compute_surface_dice_at_tolerance(distances, tolerance_mm))


@contextmanager
def _library_as_of_numpy_1() -> Iterator[None]:
    """Let the published version run, which was written for numpy 1 and names of scipy that are about to go."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(np, "Inf", np.inf, raising=False)
        warnings.simplefilter("ignore", DeprecationWarning)
        yield
