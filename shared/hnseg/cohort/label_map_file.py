"""Label maps that a cohort's work writes, each whole or an error."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import reason_of, write_image
from hnseg.machine import is_exhausted


def write_label_map(label_map: sitk.Image, path: Path) -> None:
    """Write a label map, compressed, and check that it is whole.

    Raises:
        OutputError: It can't be written; memory that was not enough is an error of its own.
    """
    try:
        write_image(label_map, path)
    except (OSError, RuntimeError) as error:
        if is_exhausted(error):
            raise
        raise OutputError(
            f"A label map must be written to {path.parent}, but that failed: {reason_of(error)}."
            " Is there space and permission to write?"
        ) from error
