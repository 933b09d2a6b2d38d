"""Maps of a case beside its label map: an image of float32 for each map socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class MapRange:
    """Range of a map's values, from 0.

    Attributes:
        most: Largest value.
        unknown: Value that says that nothing is known: the largest entropy, and a probability of 0.
        in_words: Range in words, to follow "must be".
        likely_cause: Question about a map that is out of it, as a sentence.
    """

    most: float
    unknown: float
    in_words: str
    likely_cause: str

    @classmethod
    def of(cls, spec: ChallengeSpec, socket: MapSocket) -> MapRange:
        """Return the range of a challenge's map by its kind."""
        if socket.kind == "probability":
            return cls(1.0, 0.0, "from 0 to 1", "Is it in per cent, or are these logits?")
        most = spec.most_entropy
        return cls(
            most,
            most,
            f"from 0 to {most:.4g} nats, the entropy of equally likely values",
            "Is it in another unit, such as bits, or was the model trained on another label set?",
        )

    def holds(self, low: float, high: float) -> bool:
        """Return whether values from `low` to `high` lie in it, but for rounding; NaN never does."""
        return -ROUNDING <= low <= high <= self.most + ROUNDING


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
    """Return maps that say that nothing is known: the largest entropy, and a probability of 0, everywhere."""
    values = [MapRange.of(spec, socket).unknown for socket in spec.maps]
    return [image_of(np.full(grid.shape_zyx, value, np.float32), grid) for value in values]


def _checked(spec: ChallengeSpec, socket: MapSocket, given: sitk.Image, grid: Grid) -> sitk.Image:
    if difference := Grid.of(given).differences(grid):
        raise OutputError(f"The {socket.title} must be on the grid of the {spec.output.title}, but has {difference}.")
    values, allowed = array_of(given).astype(np.float32, copy=False), MapRange.of(spec, socket)
    low, high = float(values.min()), float(values.max())
    if not allowed.holds(low, high):
        raise OutputError(
            f"The {socket.title} must be {allowed.in_words}, but is from {low:.4g} to {high:.4g}."
            f" {allowed.likely_cause}"
        )
    return image_of(np.clip(values, 0, np.float32(allowed.most), out=values), grid)
