"""Writing of a blinded sheet: pictures under random codes and a table to fill in, and apart from these the key.

```
OUTPUT/for-graders/sheet.csv     case (a code), structure, observer, grade; the last two to be filled in
OUTPUT/for-graders/K7QD.png      picture of the case with this code
OUTPUT/key.csv                   what each code stands for; not for graders
```
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError, OutputError
from hnseg.imaging.files.output_folders import added_files
from hnseg.imaging.files.reading import read_scan, read_volume
from hnseg.imaging.files.visible import visible_in
from hnseg.imaging.geometry import Grid
from hnseg.robustness.grading.grades_csv import COLUMNS, Item
from hnseg.robustness.grading.key_csv import as_csv
from hnseg.robustness.grading.sheet.cases import SheetCase, find_cases
from hnseg.robustness.grading.sheet.picture import draw_sheet_picture

FOR_GRADERS, SHEET_FILE, KEY_FILE = "for-graders", "sheet.csv", "key.csv"
"""Names in the output."""

_LETTERS = "ACDEFGHJKLMNPQRTUVWXY34679"  # none that is taken for another
_LENGTH = 4


def write_sheet(source: Path, output: Path, structures: Sequence[str], *, seed: int) -> int:
    """Write a sheet, its pictures and its key.

    Args:
        source: Folder or table of the cases, as `hnseg.robustness.grading.sheet.cases` finds them.
        output: Folder to write to.
        structures: Names of the labels 1, 2 and so on.
        seed: Seed of the codes and of the order; the same gives the same sheet.

    Returns:
        Number of cases.

    Raises:
        InputError: A case can't be read, or its files are not on one grid.
        OutputError: The output holds something already, or can't be written to.
    """
    _check_empty(output)
    cases = find_cases(source)
    labels = dict(enumerate(structures, start=1))
    codes = codes_of([case.item for case in cases], np.random.default_rng(seed))
    with added_files(output) as provisional:
        folder = provisional / FOR_GRADERS
        folder.mkdir()
        for code, case in zip(codes, cases, strict=True):
            (folder / f"{code}.png").write_bytes(_picture_of(case, labels))
        (folder / SHEET_FILE).write_text(_sheet(sorted(codes), structures), encoding="utf-8")
        key = {code: case.item for code, case in zip(codes, cases, strict=True)}
        (provisional / KEY_FILE).write_text(as_csv(key), encoding="utf-8")
    return len(cases)


def codes_of(items: Sequence[Item], rng: np.random.Generator) -> list[str]:
    """Return a code for each case, all different; their order says nothing about that of the cases.

    >>> codes = codes_of([("a", None), ("b", None)], np.random.default_rng(0))
    >>> len(set(codes)), {len(code) for code in codes}
    (2, {4})
    """
    codes: dict[str, None] = {}
    while len(codes) < len(items):
        codes["".join(rng.choice(list(_LETTERS), _LENGTH))] = None
    return list(codes)


def _check_empty(output: Path) -> None:
    """Refuse a folder that holds something: a sheet that somebody filled in would be lost."""
    others = visible_in(output)
    if others or output.is_file():
        found = f"holds {others[0].name}" if others else "is a file"
        raise OutputError(
            f"A sheet must be written to a new folder, but {output} {found}. Was a sheet made there before?"
        )


def _sheet(codes: Sequence[str], structures: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((code, structure, "", "") for code in codes for structure in structures)
    return text.getvalue()


def _picture_of(case: SheetCase, labels: Mapping[int, str]) -> bytes:
    name = case.item[0]
    label_map = read_volume(case.label_map, title=f"segmentation of {name}", labels=labels)
    images = [read_scan(path, title=f"image of {name}") for path in case.images]
    for path, image in zip(case.images, images, strict=True):
        _check_grid(image, path, label_map, case)
    return draw_sheet_picture(images, label_map, labels)


def _check_grid(image: sitk.Image, path: Path, label_map: sitk.Image, case: SheetCase) -> None:
    grid, expected = Grid.of(image), Grid.of(label_map)
    if not grid.matches(expected):
        raise InputError(
            f"The image {path} must lie on the grid of its segmentation {case.label_map}, but differs:"
            f" {grid.differences(expected)}. Resample one of them."
        )
