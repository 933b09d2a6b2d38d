"""Pictures of a case of a cohort, drawn by the worker that ran it: slices with outlines, and a thumbnail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk

from hnseg.drawing.crop import CropRecord
from hnseg.drawing.entropy import draw_entropy
from hnseg.drawing.overlay import draw_case
from hnseg.drawing.pet_layer import pet_layer_of
from hnseg.imaging.geometry import Grid

OVERLAY_FILE, THUMBNAIL_FILE, ENTROPY_FILE = "overlay.png", "thumbnail.png", "entropy.png"
"""Names of the pictures in a case's `report` folder."""


def draw_pictures(
    scan: sitk.Image,
    label_map: sitk.Image,
    labels: Mapping[int, str],
    folder: Path,
    *,
    crop: CropRecord | None = None,
    pet: sitk.Image | None = None,
) -> str:
    """Draw the pictures of a case into a folder, and return a sentence on the PET's colours; empty without a PET.

    Args:
        scan: Intensities, 3-D.
        label_map: Label map on the same grid.
        labels: Values to draw, with their names.
        folder: Folder for `overlay.png` and `thumbnail.png`, made if it does not exist.
        crop: Box of the scan's voxels that the network was given, drawn too where it lies in the scan; None for none.
        pet: PET on any grid, laid over the scan, a CT; None for none.

    Raises:
        OSError: The folder can't be written to.
    """
    layer = None if pet is None else pet_layer_of(pet, scan, Grid.of(scan))
    inside = crop if crop and crop.lies_in(scan) else None
    picture = draw_case(scan, label_map, None, labels, crop=inside, pet=layer)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OVERLAY_FILE).write_bytes(picture.png)
    (folder / THUMBNAIL_FILE).write_bytes(picture.thumbnail)
    return "" if layer is None else layer.scale.words


def draw_entropy_picture(
    scan: sitk.Image, label_map: sitk.Image, entropy: sitk.Image, labels: Mapping[int, str], folder: Path
) -> str:
    """Draw `entropy.png` of a case into a folder, which exists, and return its caption; see `draw_entropy`.

    Raises:
        OSError: The folder can't be written to.
    """
    picture = draw_entropy(scan, label_map, entropy, labels)
    (folder / ENTROPY_FILE).write_bytes(picture.png)
    return picture.caption
