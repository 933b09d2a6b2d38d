"""Box of the patient's body in a scan, to which pictures are cropped: without the couch, and the air around."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.imaging.body import COARSE_MM, SKIN_HU, largest_body
from hnseg.imaging.box import Box

SOFT_TISSUE_HU = (-160.0, 350.0)
"""Values of a CT that become black and white."""

_SKIN = 0.1  # of the range from black to white, in an image of other values than Hounsfield units
_MARGIN_MM = 6.0


def body_box_of(
    scan: npt.NDArray[Any], spacing_mm: Sequence[float], window: tuple[float, float], shown: npt.NDArray[np.bool_]
) -> Box:
    """Return the box of the body with a small margin, and of all that is to be shown; of the whole scan without a body.

    Args:
        scan: Intensities, (z, y, x), z to the head.
        spacing_mm: Voxel spacing, (x, y, z).
        window: Values that become black and white; `SOFT_TISSUE_HU` tells a CT.
        shown: Mask of what must lie in the box, such as what is segmented, (z, y, x).

    >>> air = np.full((8, 40, 40), -1000.0)
    >>> air[:, 12:28, 16:32] = 40.0
    >>> body_box_of(air, (5.0, 5.0, 5.0), SOFT_TISSUE_HU, np.zeros_like(air, bool))
    Box(index_xyz=(14, 10, 0), size_xyz=(20, 20, 8))
    """
    level = SKIN_HU if window == SOFT_TISSUE_HU else window[0] + _SKIN * (window[1] - window[0])
    spacing_zyx_mm = tuple(reversed(spacing_mm))
    steps = [max(1, round(COARSE_MM / mm)) for mm in spacing_zyx_mm]
    z, y, x = steps
    body = largest_body(scan[::z, ::y, ::x] > level)
    if not body.any():
        return _whole(scan.shape)
    spans = []
    for axis, (step, mm) in enumerate(zip(steps, spacing_zyx_mm, strict=True)):
        others = tuple({0, 1, 2} - {axis})
        inside, wanted = np.flatnonzero(body.any(axis=others)) * step, np.flatnonzero(shown.any(axis=others))
        margin = int(np.ceil(_MARGIN_MM / mm))
        first, end = int(inside[0]) - margin, int(inside[-1]) + step + margin
        if len(wanted):
            first, end = min(first, int(wanted[0])), max(end, int(wanted[-1]) + 1)
        spans.append(slice(max(first, 0), min(end, scan.shape[axis])))
    return Box.of_slices((spans[0], spans[1], spans[2]))


def _whole(shape_zyx: tuple[int, ...]) -> Box:
    z, y, x = shape_zyx
    return Box((0, 0, 0), (x, y, z))
