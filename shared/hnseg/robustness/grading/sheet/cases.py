"""Cases for a grading: a table that names the files of each, or a folder with a folder a case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.csv_rows import CsvRow, read_csv
from hnseg.imaging.files.formats import has_suffix, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg.robustness.grading.grades_csv import VARIANT_COLUMNS, Item
from hnseg.robustness.scores.record import BASELINE
from hnseg.robustness.scores.scores_csv import check_columns, variant_in

COLUMNS = ("case", "image", "label_map")
"""Columns of the table; modality, kind and severity may stand beside them."""
LABEL_MAP = "segmentation"
"""Name of the label map's file in a case's folder, without its suffix."""


@dataclass(frozen=True)
class SheetCase:
    """Files of one case that is to be graded.

    Attributes:
        item: Name and variant of the case.
        images: Image files that are drawn, on one grid with the label map.
        label_map: File of the segmentation.
    """

    item: Item
    images: tuple[Path, ...]
    label_map: Path


def find_cases(source: Path) -> list[SheetCase]:
    """Return the cases of a table or a folder, sorted by name and variant.

    A table is a CSV with the columns case, image and label_map, whose paths are seen from the table; several images are
    separated by a bar or a semicolon. In a folder, each subfolder is a case, with its label map as `segmentation` and
    its images, in the order of their names.

    Raises:
        InputError: There is no case, one lacks a file, or one is named twice.
    """
    cases = _in_table(source) if source.is_file() else _in_folder(source)
    if not cases:
        raise InputError(
            f"--sheet must be a folder with a folder a case, or a CSV with the columns {', '.join(COLUMNS)}, but"
            f" {source} holds no case."
        )
    items = [case.item for case in cases]
    twice = next((item for item in items if items.count(item) > 1), None)
    if twice is not None:
        raise InputError(f"A case must be graded once, but {source} names {twice[0]}, {twice[1]}, more than once.")
    return sorted(cases, key=lambda case: case.item)


def _in_table(path: Path) -> list[SheetCase]:
    table = read_csv(path, subject="The cases to grade")
    has_variant = bool(set(VARIANT_COLUMNS) & set(table.columns))
    columns = (*COLUMNS, *VARIANT_COLUMNS) if has_variant else COLUMNS
    check_columns(table, path, columns, subject="a table of cases to grade")
    return [_of_row(row, path, has_variant=has_variant) for row in table.rows]


def _of_row(row: CsvRow, path: Path, *, has_variant: bool) -> SheetCase:
    where = f"line {row.line} of {path}"
    unnamed = [column for column in COLUMNS if not row.cells[column]]
    if unnamed:
        raise InputError(f"Each case to grade must have {', '.join(COLUMNS)}, but {where} has no {unnamed[0]}.")
    variant = variant_in(row, where=where) if has_variant else BASELINE
    names = row.cells["image"].replace(";", "|").split("|")
    images = tuple(path.parent / name.strip() for name in names)
    return SheetCase((row.cells["case"], variant), images, path.parent / row.cells["label_map"])


def _in_folder(folder: Path) -> list[SheetCase]:
    return [_of_folder(case) for case in visible_in(folder) if case.is_dir()]


def _of_folder(folder: Path) -> SheetCase:
    files = [path for path in visible_in(folder) if path.is_file() and has_suffix(path.name)]
    label_maps = [path for path in files if stem_of(path.name) == LABEL_MAP]
    images = tuple(path for path in files if path not in label_maps)
    if len(label_maps) != 1 or not images:
        raise InputError(
            f"A case to grade must have one label map named {LABEL_MAP}, and at least one image beside it, but {folder}"
            f" has {len(label_maps)} and {len(images)}."
        )
    return SheetCase((folder.name, BASELINE), images, label_maps[0])
