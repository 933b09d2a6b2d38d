"""Settings of recurrence volumes: the rule that predicts them, and the channels with which a network was trained."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, PositiveFloat, PositiveInt

from hnseg.records import Frozen

Rule = Literal["network", "suvmax", "gtv"]
"""Rule that predicts the volume: a trained network, a share of the highest uptake inside the GTV, or the GTV itself."""


class Settings(Frozen):
    """Settings of the method; `method.json` in the model folder holds the values a model was trained with."""

    rule: Rule = "network"
    """Rule that predicts the volume; `suvmax` and `gtv` need no network, and `method.json` alone is their model."""
    threshold: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.5
    """Probability over which the rule `network` predicts a voxel."""
    suvmax_percent: Annotated[FiniteFloat, Field(gt=0, le=100)] = 38.0
    """Percentage of the highest uptake inside the GTV from which the rule `suvmax` predicts."""
    brain: Literal["mask-or-heuristic", "mask", "none"] = "mask-or-heuristic"
    """Brain that the rule `suvmax` leaves out: of the case's label map, or else found on the CT; of the label map
    alone; or none."""
    gtv_channel: bool = False
    """Whether the GTV is the network's third channel; the paper's network has CT and PET alone."""
    crop_size_xyz: tuple[PositiveInt, PositiveInt, PositiveInt] = (160, 224, 128)
    """Size of the box around the GTV in voxels of `crop_spacing_mm`: left to right, front to back, feet to head."""
    crop_spacing_mm: tuple[PositiveFloat, PositiveFloat, PositiveFloat] = (0.9765, 0.9765, 2.0)
    """Voxel size in which `crop_size_xyz` counts; the box has the CT's own voxels."""
    ct_reach_hu: PositiveFloat = 1024.0
    """Hounsfield units that become 1 in the network's channel; the CT is clipped to as many below and above 0."""

    @property
    def extent_mm(self) -> tuple[float, float, float]:
        """Size of the box around the GTV in mm, in the order of `crop_size_xyz`."""
        x, y, z = (size * mm for size, mm in zip(self.crop_size_xyz, self.crop_spacing_mm, strict=True))
        return (x, y, z)
