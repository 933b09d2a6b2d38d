"""Clicks of a user: a point in the patient, the structure that is meant, and whether it is there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Click:
    """Click on an image.

    Attributes:
        structure: Name of the structure that is meant; None for the one that is most probable at the point.
        is_positive: Whether the point lies inside the structure, rather than outside.
        point_mm: Point in the world, LPS in mm, (x, y, z).
    """

    structure: str | None
    is_positive: bool
    point_mm: tuple[float, float, float]

    @property
    def in_words(self) -> str:
        """Structure as a file of clicks names it: "GTVp", "not GTVp", "tumor" or "background"."""
        if self.structure is None:
            return "tumor" if self.is_positive else "background"
        return self.structure if self.is_positive else f"not {self.structure}"


@dataclass(frozen=True)
class VoxelClick:
    """Click on an array.

    Attributes:
        structure: Name of the structure that is meant.
        is_positive: Whether the voxel lies inside the structure, rather than outside.
        index_zyx: Index of the voxel along the array's axes; may lie between voxels.
    """

    structure: str
    is_positive: bool
    index_zyx: tuple[float, float, float]
