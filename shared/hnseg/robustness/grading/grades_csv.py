"""CSV of grades: one row for each grade that an observer gave to a structure of a case.

Columns are case, structure, observer and grade. With the columns modality, kind and severity, as in the scores of a
study, a grade may be that of a perturbed case. On a sheet from `hnseg grade --sheet` the case is a code, and a key says
what it stands for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.cells import number_in
from hnseg.evaluation.files.csv_rows import CsvRow, CsvTable, read_csv
from hnseg.robustness.scores.record import BASELINE, Variant
from hnseg.robustness.scores.scores_csv import check_columns, variant_in

COLUMNS = ("case", "structure", "observer", "grade")
"""Columns that every file has."""
VARIANT_COLUMNS = ("modality", "kind", "severity")
"""Columns that name a perturbation, all or none of them."""
GRADES = (1, 2, 3, 4, 5)
"""Grades, from unusable to fully acceptable."""
LEAST_USABLE = 3
"""Lowest grade of a usable segmentation."""

Item = tuple[str, Variant]
"""Case in one of its variants."""


@dataclass(frozen=True)
class Grade:
    """Grade that an observer gave to a structure of a case.

    Attributes:
        case: Name of the case.
        structure: Name of the structure.
        variant: Variant of the case.
        observer: Name of the observer.
        grade: Grade, 1 to 5.
    """

    case: str
    structure: str
    variant: Variant
    observer: str
    grade: int

    @property
    def item(self) -> Item:
        """Case in its variant."""
        return self.case, self.variant


def read_grades(paths: Sequence[Path], *, key: Mapping[str, Item] | None = None) -> list[Grade]:
    r"""Read the grades of all observers, from one file or from several.

    Args:
        paths: CSV files.
        key: Cases by the codes of a sheet; None where the files name the cases.

    Returns:
        Grades in the order of the files; at least one.

    Raises:
        InputError: A file is missing, is no such CSV or has no row; or a row is incomplete, has no grade from 1 to 5 or
            a code without a case, or is repeated.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "grades.csv")
    ...     _ = path.write_text("case,structure,observer,grade\na,GTVp,A,4\n")
    ...     [(grade.case, grade.observer, grade.grade) for grade in read_grades([path])]
    [('a', 'A', 4)]
    """
    found: dict[tuple[str, str, Variant, str], tuple[Grade, str]] = {}
    for path in paths:
        table = read_csv(path, subject="The grades")
        columns = _columns_of(table)
        check_columns(table, path, columns, subject="a file of grades")
        for row in table.rows:
            where = f"line {row.line} of {path}"
            grade = _grade(row, key, where=where)
            identity = (grade.case, grade.structure, grade.variant, grade.observer)
            if identity in found:
                raise InputError(
                    f"An observer must give one grade to a structure of a case, but {where} has {grade.structure} of"
                    f" {grade.case} by {grade.observer} again, after {found[identity][1]}. Was a file appended twice?"
                )
            found[identity] = grade, where
    if not found:
        raise InputError(f"A file of grades must have rows, but {paths[0]} has none below its heading.")
    return [grade for grade, _ in found.values()]


def _columns_of(table: CsvTable) -> tuple[str, ...]:
    return (*COLUMNS, *VARIANT_COLUMNS) if set(VARIANT_COLUMNS) & set(table.columns) else COLUMNS


def _grade(row: CsvRow, key: Mapping[str, Item] | None, *, where: str) -> Grade:
    cells = row.cells
    unnamed = [column for column in COLUMNS[:-1] if not cells[column]]
    if unnamed:
        raise InputError(f"Each row must say its {', '.join(COLUMNS[:-1])}, but {where} has no {', '.join(unnamed)}.")
    value = number_in(cells["grade"])
    if value not in GRADES:
        cause = " Is the sheet not yet filled in?" if not cells["grade"] else ""
        raise InputError(
            f"A grade must be a whole number from {GRADES[0]} to {GRADES[-1]}, but {where} has"
            f" {cells['grade']!r}.{cause}"
        )
    case, variant = _item(row, key, where=where)
    return Grade(case, cells["structure"], variant, cells["observer"], int(value))


def _item(row: CsvRow, key: Mapping[str, Item] | None, *, where: str) -> Item:
    case = row.cells["case"]
    if key is None:
        return case, variant_in(row, where=where) if "kind" in row.cells else BASELINE
    if case not in key:
        raise InputError(f"A case must be a code of the key, but {where} has {case!r}. Is it the key of another sheet?")
    return key[case]
