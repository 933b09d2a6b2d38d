"""Crop that a case's provenance records, checked."""

from __future__ import annotations

from typing import Any

import SimpleITK as sitk
from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt, ValidationError

from hnseg.imaging.box import Box

Index = tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt]
Size = tuple[PositiveInt, PositiveInt, PositiveInt]


class CropRecord(BaseModel):
    """Value of the provenance's key `crop`: the box of the scan's voxels that the network was given."""

    model_config = ConfigDict(frozen=True)

    index_xyz: Index
    """First voxel of the box."""
    size_xyz: Size
    """Number of voxels along each axis."""
    why: str = ""
    """Reason for the box, or the way in which it was found."""

    def lies_in(self, scan: sitk.Image) -> bool:
        """Return whether the box lies inside an image."""
        return all(last < size for last, size in zip(self.box.last_xyz, scan.GetSize(), strict=True))

    @property
    def box(self) -> Box:
        """Box of the reference's voxels."""
        return Box(self.index_xyz, self.size_xyz)


def crop_in(provenance: dict[str, Any] | None) -> CropRecord | None:
    """Return the record of a crop; None without one, or where it is not as the core writes it."""
    try:
        return CropRecord.model_validate((provenance or {}).get("crop"))
    except ValidationError:  # the provenance of an image of other origin may use the word for anything
        return None
