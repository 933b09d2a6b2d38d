"""Writing of phantoms' files: images, the folders of a container's inputs, and tables of all patients."""

from __future__ import annotations

import csv
import uuid
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError


def write_image(image: sitk.Image, path: Path) -> None:
    """Write a compressed image; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), useCompression=True)


def write_inputs(images: Mapping[str, sitk.Image | None], folder: Path, *, seed: int, index: int) -> None:
    """Write a patient's images as the platform mounts them: `images/<socket>/<random name>.mha`.

    Args:
        images: Images by the slug of their socket; None for a socket that stays empty.
        folder: Folder of the inputs.
        seed: Seed of the whole set, from which the names are drawn.
        index: Number of the patient within the set; the same numbers give the same names.
    """
    names = np.random.default_rng([seed, index, 1])
    for slug, image in images.items():
        name = uuid.UUID(bytes=names.bytes(16), version=4)
        if image is not None:
            write_image(image, folder / "images" / slug / f"{name}.mha")


def write_table_row(path: Path, row: Mapping[str, str], *, delimiter: str = ",") -> None:
    """Write a patient's row into the table of all patients, sorted by name.

    Args:
        path: CSV file of the table; made if missing. A row of the same patient is replaced.
        row: Cells by column; the first is the patient's name.
        delimiter: Separator of the cells.

    Raises:
        InputError: The table is there with other columns.
    """
    key = next(iter(row))
    rows: dict[str, Mapping[str, str]] = {}
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter)
            if reader.fieldnames != list(row):
                raise InputError(
                    f"A table to add a patient to must have the columns {', '.join(row)}, but {path.name} has others."
                    " Is it another edition's, or that of the public data?"
                )
            rows = {old[key]: old for old in reader}
    rows[row[key]] = row
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(cells for _, cells in sorted(rows.items()))
