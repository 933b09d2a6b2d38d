"""Turn of an image into the patient's axes: exchanged and reversed as views, without copies and interpolation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.box import Box

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class Turn:
    """Turn that brings an image's axes as near as possible to LPS.

    Attributes:
        axes: Axis of the image (0 x, 1 y, 2 z) that becomes each axis of the turned one.
        is_reversed: Whether each axis of the turned one runs against the image's.
    """

    axes: Triple
    is_reversed: tuple[bool, bool, bool]

    @classmethod
    def of(cls, image: sitk.Image) -> Turn:
        """Return the turn of a 3-D image."""
        one_voxel = sitk.Image((1, 1, 1), sitk.sitkUInt8)
        one_voxel.SetDirection(image.GetDirection())
        turned = sitk.DICOMOrientImageFilter()
        turned.SetDesiredCoordinateOrientation("LPS")
        turned.Execute(one_voxel)
        x, y, z = turned.GetPermuteOrder()
        right, back, up = turned.GetFlipAxes()
        return cls((x, y, z), (right, back, up))

    def view_of(self, image: sitk.Image) -> npt.NDArray[Any]:
        """Return the turned voxels (z, y, x), as a view that must not outlive the image.

        Args:
            image: Image with the same axes as the one whose turn this is.
        """
        voxels = sitk.GetArrayViewFromImage(image).transpose([2 - axis for axis in reversed(self.axes)])
        steps = (slice(None, None, -1 if against else 1) for against in reversed(self.is_reversed))
        return voxels[tuple(steps)]

    def spacing_of(self, image: sitk.Image) -> tuple[float, float, float]:
        """Return the voxel spacing of the turned image, (x, y, z) in mm."""
        x, y, z = (image.GetSpacing()[axis] for axis in self.axes)
        return (x, y, z)

    def box_in(self, image: sitk.Image, box: Box) -> Box:
        """Return the voxels of a box of the image as a box of the turned one."""
        sizes = [box.size_xyz[axis] for axis in self.axes]
        firsts = [
            image.GetSize()[axis] - 1 - box.last_xyz[axis] if against else box.index_xyz[axis]
            for axis, against in zip(self.axes, self.is_reversed, strict=True)
        ]
        return Box((firsts[0], firsts[1], firsts[2]), (sizes[0], sizes[1], sizes[2]))
