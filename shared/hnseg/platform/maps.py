"""Maps of a case beside its label map: an image of float32 for each map socket."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.platform.spec import ChallengeSpec, MapSocket

Maps = Mapping[str, sitk.Image]
"""Maps by the slug of their socket."""

NO_MAPS: Maps = MappingProxyType({})
ROUNDING = 1e-4
"""Distance from the range of its kind that a value of a map may have, by rounding in float32."""


def checked_maps(spec: ChallengeSpec, maps: Maps, grid: Grid) -> list[sitk.Image]:
    """Return maps as they are written: in the order of their sockets, float32, on a grid to the last bit.

    What lies outside the range of its kind by rounding comes to lie on its edge.

    Args:
        spec: Description of the sockets.
        maps: Maps by the slug of their socket.
        grid: Grid of the label map.

    Raises:
        OutputError: A map is missing, belongs to no socket, lies on another grid, or has a value out of its range.
    """
    wanted = [socket.slug for socket in spec.maps]
    if sorted(wanted) != sorted(maps):
        raise OutputError(
            f"The maps must be {', '.join(wanted) or 'none'}, but were {', '.join(sorted(maps)) or 'none'}."
            " Does what was predicted belong to another challenge?"
        )
    return [_checked(spec, socket, maps[socket.slug], grid) for socket in spec.maps]


def empty_maps(spec: ChallengeSpec, grid: Grid) -> list[sitk.Image]:
    """Return maps that say that nothing is known: an entropy is the largest that there is, everywhere."""
    return [image_of(np.full(grid.shape_zyx, spec.most_entropy, np.float32), grid) for _ in spec.maps]


def _checked(spec: ChallengeSpec, socket: MapSocket, given: sitk.Image, grid: Grid) -> sitk.Image:
    if difference := Grid.of(given).differences(grid):
        raise OutputError(f"The {socket.title} must be on the grid of the {spec.output.title}, but has {difference}.")
    values, most = array_of(given).astype(np.float32, copy=False), spec.most_entropy
    low, high = float(values.min()), float(values.max())
    if not -ROUNDING <= low <= high <= most + ROUNDING:  # nor with NaN
        raise OutputError(
            f"The {socket.title} must be from 0 to {most:.4g} nats, the entropy of equally likely values,"
            f" but is from {low:.4g} to {high:.4g}. Was the model trained on another label set?"
        )
    return image_of(np.clip(values, 0, np.float32(most), out=values), grid)
