"""Input channels of the network, as a method makes them from a case: arrays on one grid, and the facts about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray, Grid

_MODALITIES = "modalities"


@dataclass(frozen=True)
class Channels:
    """Input channels of the network.

    Attributes:
        array: Intensities, (c, z, y, x), float32, in the order of the model's `channel_names`.
        grid: Grid of the channels; the label map will be on it.
        notes: Sentences for the log and the provenance, one for each thing that the method decided or did without.
            They are for readers: a program reads `record`.
        record: Facts for the provenance by name, such as measured values; only types that JSON has a form for.
        targets: Boxes of voxels (z, y, x) that together hold every place where the method expects a target; empty where
            it has no such expectation.
    """

    array: FloatArray
    grid: Grid
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[Slices, ...] = ()

    def uses(self, modality: str) -> bool:
        """Return whether an image that the method can do without is in its channel, as the record says.

        Args:
            modality: Name under which `modality_record` recorded it, such as `pet`.

        Returns:
            False also where the record says nothing of it, as without such a channel.
        """
        return bool(self.record.get(_MODALITIES, {}).get(modality, {}).get("used", False))


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
