"""Label map of a PET/CT, predicted on the box of the CT that the network got: put back, and judged by the body.

Containers and `hnseg refine` write it by the same settings.
"""

from __future__ import annotations

from collections.abc import Mapping

import SimpleITK as sitk

from hnseg.imaging.box import put_back
from hnseg.imaging.geometry import Grid
from hnseg.imaging.outside_body import OutsideBody, kept_inside_body, outside_body
from hnseg.imaging.pet_ct.channels import PetCtSettings


class PetCtMapSettings(PetCtSettings):
    """Settings of a PET/CT's channels, and of the label map that is made from them."""

    keep_inside_body: bool = False
    """Whether voxels outside the body on the CT are set to background."""


def on_whole_ct(label_map: sitk.Image, ct: sitk.Image, *, inside_body: bool) -> sitk.Image:
    """Return a label map on the CT's whole grid: background outside the box that the network got.

    Args:
        label_map: Label map on a box of the CT's voxels, or on all of them.
        ct: CT in Hounsfield units.
        inside_body: Whether it is background outside the body on the CT too.
    """
    whole_map = put_back(label_map, Grid.of(ct))
    return kept_inside_body(whole_map, ct) if inside_body else whole_map


def outside_body_on(label_map: sitk.Image, ct: sitk.Image, labels: Mapping[int, str]) -> OutsideBody:
    """Return the share of each structure of a label map that lies outside the body on the CT.

    Args:
        label_map: Label map on a box of the CT's voxels, or on all of them.
        ct: CT in Hounsfield units.
        labels: Names of the structures by value.
    """
    return outside_body(put_back(label_map, Grid.of(ct)), ct, labels)
