"""Voxels of a label map that lie outside the body on the CT: their share of each structure, and their removal.

The body is known on a coarse copy of the CT, the skin thus to within one of its voxels. So a voxel lies outside where
it is farther than that from the coarse body, or is that near and has the value of air: a couch beside the body is
outside as well as air is, and the air in an airway is inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.body import SKIN_HU, CoarseCt, Mask, coarse_ct_of
from hnseg.imaging.geometry import Grid, array_of, image_of

MOST_OUTSIDE = 0.01
"""Largest fraction of a structure outside the body that is not worth a note: contours reach the skin."""

_FAR, _NEAR, _INSIDE = 0, 1, 2
_THIN_VOXELS = 2  # coarse ones, which were taken away as thin with the couch
_CLEFT_MM = 12.0  # half the width of what is closed within slices: a mouth that is open, an airway near the skin


@dataclass(frozen=True)
class OutsideBody:
    """Shares of a label map's structures outside the body.

    Attributes:
        has_body: Whether a body was found on the CT.
        shares: Fraction of each structure's voxels, 0 to 1, by its name; only of structures that have voxels.
    """

    has_body: bool
    shares: Mapping[str, float]

    @property
    def record(self) -> dict[str, Any]:
        """Facts for the provenance."""
        return {"outside_body": {name: round(share, 4) for name, share in self.shares.items()}}

    def notes(self, *, removed: bool) -> tuple[str, ...]:
        """Return a sentence on the structures with more than 1 % outside the body; none where there are none.

        Args:
            removed: Whether these voxels are set to background.

        >>> OutsideBody(has_body=True, shares={"Lips": 0.25, "Larynx_SG": 0.01}).notes(removed=True)
        ('Outside the body on the CT lie 25% of Lips; these voxels are set to background.',)
        """
        if not self.has_body:
            return ("No body was found on the CT, so that none of the label map can lie in it.",) if self.shares else ()
        found = [(name, share) for name, share in self.shares.items() if share > MOST_OUTSIDE]
        if not found:
            return ()
        listed = ", ".join(f"{share:.0%} of {name}" for name, share in sorted(found, key=lambda one: -one[1]))
        end = "; these voxels are set to background." if removed else ". Is the scan of another kind than the model's?"
        return (f"Outside the body on the CT lie {listed}{end}",)


def outside_body(label_map: sitk.Image, ct: sitk.Image, labels: Mapping[int, str]) -> OutsideBody:
    """Return the share of each structure's voxels that lie outside the body.

    Args:
        label_map: Label map on the CT's grid; an empty one has no shares.
        ct: CT in Hounsfield units.
        labels: Name of each structure by its label.

    >>> tissue = sitk.ConstantPad(sitk.Image(40, 40, 40, sitk.sitkInt16), (20, 0, 0), (0, 0, 0), -1000)
    >>> everywhere = sitk.GetImageFromArray(np.ones((40, 40, 60), np.uint8))
    >>> everywhere.CopyInformation(tissue)
    >>> round(outside_body(everywhere, tissue, {1: "GTVp"}).shares["GTVp"], 2)  # 20 of 60 columns are air
    0.33
    """
    coarse, voxels = coarse_ct_of(ct), sitk.GetArrayViewFromImage(label_map)
    outside, counts = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for z, found in _outside_by_slice(voxels, ct, coarse):
        z_slice = voxels[z].ravel()
        outside += np.bincount(z_slice[found], minlength=256)
        counts += np.bincount(z_slice, minlength=256)
    shares = {name: float(outside[label] / counts[label]) for label, name in labels.items() if counts[label]}
    return OutsideBody(bool(coarse.body.any()), shares)


def kept_inside_body(label_map: sitk.Image, ct: sitk.Image) -> sitk.Image:
    """Return a label map with background outside the body; as it is where the CT has no body.

    Args:
        label_map: Label map on the CT's grid, uint8.
        ct: CT in Hounsfield units.
    """
    coarse = coarse_ct_of(ct)
    if not coarse.body.any():
        return label_map
    array = array_of(label_map)
    for z, found in _outside_by_slice(array, ct, coarse):
        array[z].ravel()[found] = 0
    return image_of(array, Grid.of(label_map))


def _outside_by_slice(
    labels: npt.NDArray[Any], ct: sitk.Image, coarse: CoarseCt
) -> Iterator[tuple[int, npt.NDArray[np.intp]]]:
    """Yield the number of each slice with labels, and the labelled voxels outside the body, as indices of its raveling.

    Slice by slice and at labelled voxels alone, so that neither time nor memory grow with the image.
    """
    body = _without_clefts(coarse)
    place = np.where(body, _INSIDE, np.where(ndimage.binary_dilation(body, np.ones((3, 3, 3), bool)), _NEAR, _FAR))
    nearest, hu = coarse.nearest(place), sitk.GetArrayViewFromImage(ct)
    for z, z_slice in enumerate(labels):
        index = np.flatnonzero(z_slice)
        if not index.size:
            continue
        y, x = np.divmod(index, z_slice.shape[1])
        found = nearest.at(z, y, x)
        yield z, index[(found == _FAR) | ((found == _NEAR) & (hu[z].ravel()[index] < SKIN_HU))]


def _without_clefts(coarse: CoarseCt) -> Mask:
    """Return the body with its thin parts, such as the wall before an airway, and its clefts closed within slices."""
    half_x, half_y = (max(1, round(_CLEFT_MM / mm)) for mm in coarse.grid.spacing_mm[:2])
    rows, columns = np.ogrid[-half_y : half_y + 1, -half_x : half_x + 1]
    ellipse = ((rows / half_y) ** 2 + (columns / half_x) ** 2 <= 1)[np.newaxis]
    body = ndimage.binary_dilation(coarse.body, iterations=_THIN_VOXELS, mask=coarse.hu > SKIN_HU) | coarse.body
    padded = np.pad(body, ((0, 0), (half_y, half_y), (half_x, half_x)))
    closed = ndimage.binary_closing(padded, ellipse)[:, half_y:-half_y, half_x:-half_x]
    return np.stack([ndimage.binary_fill_holes(z_slice) for z_slice in closed])
