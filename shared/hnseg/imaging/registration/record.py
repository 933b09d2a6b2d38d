"""Record of a registration for the provenance: plain values."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.registration.rigid import Registration


def record_of(found: Registration, *, fixed: str, moving: str, seconds: float) -> dict[str, Any]:
    """Return the record of a registration in values that JSON has a form for.

    Args:
        found: Registration.
        fixed: Slug of the fixed image's socket.
        moving: Slug of the moving image's socket.
        seconds: Time that it took.

    Returns:
        `fixed`, `moving`, all of the report (`status`, `reason`, `quality`, ...), `seconds`, and the transform: a point
        p of the fixed image lies at matrix @ p + offset_mm in the moving one, LPS.
    """
    return {
        "fixed": fixed,
        "moving": moving,
        **asdict(found.report),
        "seconds": round(seconds, 1),
        **_affine(found.transform),
    }


def _affine(transform: sitk.Transform) -> dict[str, Any]:
    offset, *ends = (np.array(transform.TransformPoint(point)) for point in [(0.0,) * 3, *np.eye(3).tolist()])
    matrix = np.stack([end - offset for end in ends], axis=1)
    return {"matrix": matrix.tolist(), "offset_mm": offset.tolist()}
