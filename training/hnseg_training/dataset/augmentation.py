"""Augmentation of a data set's patches beyond nnU-Net's own: data that `convert` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from hnseg.records import Frozen
from hnseg.robustness.perturbations.kind import Kind

AUGMENTATION_FILE = "augmentation.json"

Axis = Literal["x", "y", "z"]
Probability = Annotated[float, Field(ge=0, le=1)]
_ARRAY_AXES: tuple[Axis, ...] = ("z", "y", "x")


class ChannelDropout(Frozen):
    """Dropout of a channel that may be missing, in training patches."""

    channel: Annotated[int, Field(ge=0)]
    """Number of the channel, which must be 0 where it holds nothing."""
    whole: Probability
    """Probability that the channel is 0 everywhere in a patch."""
    truncated: Probability
    """Probability, where it is not, that it is 0 beyond a plane across z: half of the times above it, half below."""


class Perturbations(Frozen):
    """Perturbations of images in training patches, which harden a network against them."""

    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)]
    """Kinds that are drawn from."""
    probability: Probability = 0.3
    """Probability that a patch is perturbed, in one of its images and by one of the kinds."""


class Augmentation(Frozen):
    """Augmentation of a data set or a training; the default is nnU-Net's own."""

    unmirrored_axes: tuple[Axis, ...] = ()
    """Axes of the image along which a mirrored patient is another one: x where structures have a side."""
    dropouts: tuple[ChannelDropout, ...] = ()
    """Dropouts of channels, at most one for each."""
    perturbations: Perturbations | None = None
    """Perturbations of images; a training's own, no data set's."""

    def mirrored(self, axes: Sequence[int], transpose_forward: Sequence[int]) -> tuple[int, ...]:
        """Return those axes of a patch that may be mirrored.

        Args:
            axes: Axes of the patch that nnU-Net would mirror.
            transpose_forward: Order of axes in the plans, as `network_axis` takes it.
        """
        forbidden = {network_axis(axis, transpose_forward) for axis in self.unmirrored_axes}
        return tuple(axis for axis in axes if axis not in forbidden)


def network_axis(axis: Axis, transpose_forward: Sequence[int]) -> int:
    """Return the axis of a patch that an axis of the image has become.

    Args:
        axis: Axis of the image.
        transpose_forward: Order of axes in the plans: for each axis of a patch its axis in the array (z, y, x).
    """
    return list(transpose_forward).index(_ARRAY_AXES.index(axis))
