"""Label maps made of boxes, whose volumes and overlaps are worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import SimpleITK as sitk

MakeLabelMap = Callable[..., sitk.Image]

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


@pytest.fixture
def make_label_map() -> MakeLabelMap:
    """Return a function that makes a label map of boxes on a grid of 10 x 8 x 6 voxels."""

    def make(
        boxes: dict[int, tuple[slice, slice, slice]] | None = None,
        *,
        spacing_mm=(1.0, 1.0, 1.0),
        origin_mm=(0.0, 0.0, 0.0),
        direction=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
        shape_zyx=(6, 8, 10),
        dtype=np.uint8,
    ) -> sitk.Image:
        array = np.zeros(shape_zyx, dtype)
        for label, box in (boxes or {}).items():
            array[box] = label
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing_mm)
        image.SetOrigin(origin_mm)
        image.SetDirection(direction)
        return image

    return make
