"""What a method hands to the network: its input channels on one grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray, Grid


@dataclass(frozen=True)
class Channels:
    """The network's input.

    Attributes:
        array: (c, z, y, x), float32, in the order of the model's `channel_names`.
        grid: Where the voxels lie; the label map will be on it.
        notes: What the method had to do without or decide, one sentence each, for the log and the provenance.
        record: What the method measured, by name, for the provenance: values that JSON has a form for.
        targets: Boxes of voxels (z, y, x) that together hold every place where the method expects a target; none where
            it can't tell.
    """

    array: FloatArray
    grid: Grid
    notes: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[Slices, ...] = ()
