"""Input channels of the network, as a method makes them from a case: arrays on one grid, and the facts about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError, ModelError
from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray, Grid, array_of, as_float32
from hnseg.imaging.prompts.click import Click

_MODALITIES = "modalities"


@dataclass(frozen=True)
class Channels:
    """Input channels of the network.

    Attributes:
        array: Intensities, (c, z, y, x), float32, in the order of the model's `channel_names`, without those of clicks.
        grid: Grid of the channels; the label map will be on it.
        notes: Sentences for the log and the provenance, one for each thing that the method decided or did without.
            They are for readers: a program reads `record`.
        record: Facts for the provenance by name, such as measured values; only types that JSON has a form for.
        targets: Boxes of voxels (z, y, x) that together hold every place where the method expects a target; empty where
            it has no such expectation.
        clicks: Clicks of a user on the image, in the order in which they were made; the array has no channel of them.
    """

    array: FloatArray
    grid: Grid
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[Slices, ...] = ()
    clicks: tuple[Click, ...] = ()

    def uses(self, modality: str) -> bool:
        """Return whether an image that the method can do without is in its channel, as the record says.

        Args:
            modality: Name under which `modality_record` recorded it, such as `pet`.

        Returns:
            False also where the record says nothing of it, as without such a channel.
        """
        return bool(self.record.get(_MODALITIES, {}).get(modality, {}).get("used", False))


def channels_of(images: Sequence[sitk.Image], channel_names: Sequence[str], *, titles: Sequence[str] = ()) -> Channels:
    """Return images as channels, one image for each channel.

    Args:
        images: Scalar 3-D images on one grid, in the order of the names.
        channel_names: Names of the model's channels.
        titles: Name of each image in error sentences, such as its file; the channel's name if left out.

    Raises:
        InputError: There are more or fewer images than channels, or one lies on another grid.

    >>> channels_of([sitk.Image(4, 3, 2, sitk.sitkUInt8)], ["CT"]).array.shape
    (1, 2, 3, 4)
    """
    check_count(len(images), channel_names)
    titles = titles or [f"the image of channel {name}" for name in channel_names]
    grid = Grid.of(images[0])
    for title, image in zip(titles, images, strict=True):
        if difference := Grid.of(image).differences(grid):
            raise InputError(
                f"Every channel must be on the same grid, but {title} has {difference} of {titles[0]}."
                " Was it not resampled or registered yet?"
            )
    return Channels(as_float32(np.stack([array_of(image) for image in images])), grid)


def check_count(count: int, channel_names: Sequence[str]) -> None:
    """Refuse another number of images than there are channels.

    Raises:
        InputError: The sentence names the channels in their order.
    """
    if count != len(channel_names):
        raise InputError(
            f"There must be one image for each of the model's {len(channel_names)} channels"
            f" ({', '.join(channel_names)}, in this order), but {count} were given."
        )


def check_model_channels(count: int, channel_names: Sequence[str], folder: Path) -> None:
    """Refuse a model with another number of channels than a method gives.

    Args:
        count: Number of channels that the method gives.
        channel_names: Names of the model's channels.
        folder: Model folder.

    Raises:
        ModelError: The sentence names the channels.
    """
    if count != len(channel_names):
        raise ModelError(
            f"The image must have the {len(channel_names)} channels of the model in {folder}"
            f" ({', '.join(channel_names)}), but has {count}. Was it trained for another challenge?"
        )


def modality_record(modality: str, *, used: bool, reason: str = "") -> dict[str, Any]:
    """Return the fact, for a record, whether an image that a method can do without is in its channel.

    Args:
        modality: Name of the image's modality, such as `pet`.
        used: Whether it is in the channel.
        reason: Reason in words why it is not; for readers, and empty where it is used.

    >>> modality_record("pet", used=False, reason="there is no PET.")
    {'modalities': {'pet': {'used': False, 'reason': 'there is no PET.'}}}
    """
    return {_MODALITIES: {modality: {"used": used, "reason": reason}}}
