"""What the patches of a data set need of the augmentation beyond what nnU-Net does: data that `convert` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from hnseg.records import Frozen

AUGMENTATION_FILE = "augmentation.json"

Axis = Literal["x", "y", "z"]
Probability = Annotated[float, Field(ge=0, le=1)]
_ARRAY_AXES: tuple[Axis, ...] = ("z", "y", "x")


class ChannelDropout(Frozen):
    """How often a channel that may be missing is missing from a patch."""

    channel: Annotated[int, Field(ge=0)]
    """Its number; 0 must be what it holds where there is nothing."""
    whole: Probability
    """How often it is 0 everywhere."""
    truncated: Probability
    """How often it is 0 beyond a plane across z: half of the times above it, half below."""


class Augmentation(Frozen):
    """What a data set needs; the default is nnU-Net's own augmentation."""

    unmirrored_axes: tuple[Axis, ...] = ()
    """Axes of the image along which a mirrored patient is another one: x where structures have a side."""
    dropouts: tuple[ChannelDropout, ...] = ()

    def mirrored(self, axes: Sequence[int], transpose_forward: Sequence[int]) -> tuple[int, ...]:
        """Return those axes of a patch that may be mirrored.

        Args:
            axes: Of the patch, as nnU-Net would mirror them.
            transpose_forward: Of the plans.
        """
        forbidden = {network_axis(axis, transpose_forward) for axis in self.unmirrored_axes}
        return tuple(axis for axis in axes if axis not in forbidden)


def network_axis(axis: Axis, transpose_forward: Sequence[int]) -> int:
    """Return which axis of a patch an axis of the image has become.

    Args:
        axis: Of the image.
        transpose_forward: Of the plans: for each axis of a patch the axis of the array (z, y, x) that it was.
    """
    return list(transpose_forward).index(_ARRAY_AXES.index(axis))
