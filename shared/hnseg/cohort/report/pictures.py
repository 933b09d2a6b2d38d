"""Pictures of a case of a cohort, drawn by the worker that ran it: slices with outlines, and a thumbnail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hnseg.drawing.crop import CropRecord
from hnseg.drawing.overlay import draw_case
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid
from hnseg.printable import printable

OVERLAY_FILE, THUMBNAIL_FILE = "overlay.png", "thumbnail.png"
"""Names of the pictures in a case's `report` folder."""


def draw_pictures(
    scan: Path, label_map: Path, labels: Mapping[int, str], folder: Path, *, crop: CropRecord | None = None
) -> str:
    """Draw the pictures of a case into a folder; an image that can't be drawn never fails the case.

    Args:
        scan: Image file on whose grid the label map lies.
        label_map: File of the label map.
        labels: Values to draw, with their names.
        folder: Folder for `overlay.png` and `thumbnail.png`, made if it does not exist.
        crop: Box of the scan's voxels that the network was given, which is drawn too; None for none.

    Returns:
        Sentence on why there are no pictures; empty where there are.

    Raises:
        OSError: The folder can't be written to.
    """
    try:
        image, found = read_volume(scan, title="scan"), read_volume(label_map, title="label map", labels=labels)
        if not Grid.of(image).matches(Grid.of(found)):
            return "The label map does not lie on the scan's grid."
        picture = draw_case(image, found, None, labels, crop=crop if crop and crop.lies_in(image) else None)
    except InputError as error:
        return printable(str(error))
    except MemoryError:
        return "There was not enough memory to draw it."
    folder.mkdir(parents=True, exist_ok=True)
    (folder / OVERLAY_FILE).write_bytes(picture.png)
    (folder / THUMBNAIL_FILE).write_bytes(picture.thumbnail)
    return ""
