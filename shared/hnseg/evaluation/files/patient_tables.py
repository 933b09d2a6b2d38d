"""Tables of patients beside a challenge's images: one row a patient, merged over all tables, every problem at once.

Headings are compared by their letters and digits: `T-stage`, `T_stage` and `t stage` are one column, and so are `RFS`,
`RFS_days` and `RFS (days)`. A patient's name is compared without its case, blanks and underscores. Numbers may have a
decimal comma. Rows that repeat a patient are merged where they agree; where they don't, that is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.cells import has_decimal_comma, is_unknown, number_in, with_decimal_point
from hnseg.evaluation.files.csv_rows import CsvRow, survey_csv

PATIENT = "patientid"
"""Column of the patients' names, as `column_of` writes it."""
Check = Callable[[str, str], str]
"""Function from a column and a cell to what the cell must be, in words; empty where it is that."""


@dataclass(frozen=True)
class TableProblem:
    """Problem of a table.

    Attributes:
        patient: Name of the patient; empty where the row has none that can be read.
        sentence: Sentence that says what must hold and what was found, with the file and the line.
    """

    patient: str
    sentence: str


@dataclass(frozen=True)
class _Cell:
    """Cell of a patient.

    Attributes:
        text: Content, with a decimal point.
        heading: Heading of its column as the table has it.
        where: Line and file, in words.
    """

    text: str
    heading: str
    where: str


@dataclass
class PatientTables:
    """Rows of all tables that were added, by patient.

    Attributes:
        check: Check of a cell that is not unknown.
        problems: Problems of all tables, in their order.
        notes: Sentences on what was accepted, without any patient's name or values.
        names: Name of each patient as the first table writes it, by the form that names are compared in.
    """

    check: Check
    problems: list[TableProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    _cells: dict[str, dict[str, _Cell]] = field(default_factory=dict)

    def add(self, path: Path, *, subject: str) -> tuple[str, ...]:
        """Add the rows of a table, and return its headings; rows without a patient are skipped.

        Args:
            path: The table, a CSV file.
            subject: First words of an error sentence, such as "A table".

        Raises:
            InputError: The file is missing or no text.
        """
        table = survey_csv(path, subject=subject)
        self.problems.extend(TableProblem("", sentence) for sentence in table.problems)
        self.problems.extend(TableProblem("", sentence) for sentence in _unit_problems(table.columns, path))
        before = set(self.names)
        own = [patient for row in table.rows if (patient := self._add_row(row, path))]
        if repeated := len(own) - len(set(own)):
            self.notes.append(f"Rows of {path} that repeat a patient and were merged: {repeated}.")
        if shared := before & set(own):
            self.notes.append(f"Patients of {path} who are in a table before and were merged: {len(shared)}.")
        return table.columns

    def row(self, patient: str) -> Mapping[str, str]:
        """Return a patient's cells by column, as `column_of` writes it; empty for a patient in no table."""
        return {column: cell.text for column, cell in self._cells.get(patient_key(patient), {}).items()}

    def _add_row(self, row: CsvRow, path: Path) -> str:
        """Merge a row into its patient's, and return the patient's key; empty where the row has no patient."""
        name = next((cell for heading, cell in row.cells.items() if column_of(heading) == PATIENT and cell), "")
        if key := patient_key(name):
            name = self.names.setdefault(key, name)
            merged = self._cells.setdefault(key, {})
            for heading, text in row.cells.items():
                if (column := column_of(heading)) not in {"", PATIENT}:
                    self._add_cell(merged, column, _Cell(text, heading, f"line {row.line} of {path}"), name)
        return key

    def _add_cell(self, merged: dict[str, _Cell], column: str, cell: _Cell, patient: str) -> None:
        """Put a cell into its patient's row; a problem where it can't be understood, or contradicts the former one."""
        point = with_decimal_point(cell.text) if has_decimal_comma(cell.text) else cell.text
        if point is None:
            self._refuse(patient, cell, "a number", " Is the comma the decimal sign, or between thousands?")
            return
        if not is_unknown(point) and (must := self.check(column, point)):
            self._refuse(patient, cell, must, "")
            return
        former = merged.get(column)
        if former is None or is_unknown(former.text):
            merged[column] = _Cell(point, cell.heading, cell.where)
        elif not is_unknown(point) and not _is_same(former.text, point):
            sentence = (
                f"{cell.heading} must be one value for each patient, but for {patient} it is {former.text!r} in"
                f" {former.where} and {point!r} in {cell.where}. Are rows of two patients mixed up?"
            )
            self.problems.append(TableProblem(patient, sentence))

    def _refuse(self, patient: str, cell: _Cell, must: str, cause: str) -> None:
        sentence = f"{cell.heading} must be {must}, or empty where it is unknown, but {cell.where} has {cell.text!r}."
        self.problems.append(TableProblem(patient, sentence + cause))


def column_of(heading: str) -> str:
    """Return the name of a column: small letters and digits, without brackets, and without the unit days of the RFS.

    >>> [column_of(heading) for heading in ("T_stage", "HPV status (0=-, 1=+)", "RFS_days", "RFS [days]", "Task 1")]
    ['tstage', 'hpvstatus', 'rfs', 'rfs', 'task1']
    """
    said = r"[^a-z0-9]" if _is_in_other_unit(heading) else r"\(.*\)|[^a-z0-9]"
    name = re.sub(said, "", heading.lower())
    return "rfs" if re.fullmatch(r"rfs(in)?(days?|d)?", name) else name


def patient_key(name: str) -> str:
    """Return the form that names of patients are compared in: small letters, no blanks, hyphens for underscores.

    >>> patient_key("CHUM_001 "), patient_key("chum-001")
    ('chum-001', 'chum-001')
    """
    return re.sub(r"\s", "", name.lower()).replace("_", "-")


def check_no_problems(problems: Sequence[TableProblem]) -> None:
    """Refuse tables with problems, all of them in one list.

    Raises:
        InputError: There are problems; the text has a line each where there are several.
    """
    sentences = [problem.sentence for problem in problems]
    if len(sentences) > 1:
        raise InputError(
            f"Each cell must be understood and a patient's rows must agree, but there are {len(sentences)} problems:\n"
            + "\n".join(sentences)
        )
    if sentences:
        raise InputError(sentences[0])


def _unit_problems(headings: Sequence[str], path: Path) -> list[str]:
    """Return a sentence for each column of a follow-up in another unit than days."""
    return [
        f"RFS must be in days, but a column of {path} is named {heading!r}. Convert it, and name it RFS (days)."
        for heading in headings
        if _is_in_other_unit(heading)
    ]


def _is_in_other_unit(heading: str) -> bool:
    """Return whether a column has the follow-up in another unit than days."""
    return re.search(r"\brfs\b.*(month|year|week)", re.sub(r"[^a-z]", " ", heading.lower())) is not None


def _is_same(one: str, other: str) -> bool:
    """Return whether two cells say the same: the same text in any case, or the same number."""
    number = number_in(one)
    return one.casefold() == other.casefold() or (number is not None and number == number_in(other))
