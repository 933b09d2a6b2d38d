"""Writing of a cohort's report: `cohort.csv`, `index.html` and a page a case, each whole at any moment."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.resources import files
from pathlib import Path

from hnseg.cohort.report.case_page import Links, as_case_page
from hnseg.cohort.report.collecting import collect_rows
from hnseg.cohort.report.csv_file import CSV_FILE, as_csv
from hnseg.cohort.report.index_page import INDEX_FILE, as_index_page
from hnseg.cohort.report.pictures import ENTROPY_FILE, OVERLAY_FILE
from hnseg.cohort.report.rendering import address_of
from hnseg.cohort.report.rows import CaseRow
from hnseg.cohort.state.store import CASE_LOG, REPORT_FOLDER, CaseStore, write_whole
from hnseg.drawing.colours import colours_of
from hnseg.drawing.page.environment import SHARED_FILES, shared_text
from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import reason_of
from hnseg.inference.model.structure_range import StructureRange
from hnseg.version import __version__

LOCK_FILE = "report.lock"

_KEY = "<!doctype html><!-- {} -->\n"


def write_report(
    store: CaseStore,
    labels: Mapping[int, str],
    *,
    title: str,
    expected: Mapping[str, StructureRange] | None = None,
) -> Path:
    """Write the report on all cases that have a status, and return the path of `index.html`.

    Several runs may write it at the same time: each waits for its turn and then shows all that have ended by then. A
    case's page is written again only where what it shows has changed.

    Args:
        store: Store with the cases' statuses, in whose folder the report lies.
        labels: Values of the label maps with their names.
        title: Title of the page.
        expected: Ranges of the structures in the training data, by name; None where nothing is known.

    Raises:
        OutputError: The folder can't be written to.
    """
    output = store.folder
    try:
        with _turn(store.own_folder()):
            rows = collect_rows(store)
            structures = _structures(rows, labels)
            write_whole(output / CSV_FILE, as_csv(rows, structures))
            _write_case_pages(rows, store, labels, expected or {})
            page = as_index_page(rows, structures, output, title=title, csv_file=CSV_FILE)
            write_whole(output / INDEX_FILE, page)
    except OSError as error:
        raise OutputError(
            f"The report must be written to {output}, but that failed: {reason_of(error)}."
            " Is there space and permission to write?"
        ) from error
    return output / INDEX_FILE


def _structures(rows: Sequence[CaseRow], labels: Mapping[int, str]) -> list[str]:
    """Return the names of the labels, in their order, and of other structures that a case has."""
    names = [name for _, name in sorted(labels.items())]
    return list(dict.fromkeys([*names, *(name for row in rows for name in row.structures)]))


def _write_case_pages(
    rows: Sequence[CaseRow],
    store: CaseStore,
    labels: Mapping[int, str],
    expected: Mapping[str, StructureRange],
) -> None:
    colours = {labels[label]: colour for label, colour in colours_of(labels).items()}
    for place, row in enumerate(rows):
        folder = row.folder / REPORT_FOLDER
        links = _links(rows, place, store.folder)
        key = _key_of(row, links, colours, expected)
        if _has_key(folder / INDEX_FILE, key):
            continue
        page = as_case_page(row, links, store, colours=colours, expected=expected)
        with suppress(FileNotFoundError):  # another run replaces the folder at this moment, and then writes its page
            folder.mkdir(exist_ok=True)
            write_whole(folder / INDEX_FILE, f"{key}{page}")


def _links(rows: Sequence[CaseRow], place: int, output: Path) -> Links:
    here = rows[place].folder / REPORT_FOLDER
    others = (
        address_of(rows[other].folder / REPORT_FOLDER / INDEX_FILE, seen_from=here) if 0 <= other < len(rows) else ""
        for other in (place - 1, place + 1)
    )
    return Links(address_of(output / INDEX_FILE, seen_from=here), *others)


def _key_of(row: CaseRow, links: Links, colours: Mapping[str, str], expected: Mapping[str, StructureRange]) -> str:
    """Return the first line of a case's page: a checksum over all that it shows."""
    files_there = [(row.folder / REPORT_FOLDER / name).is_file() for name in (OVERLAY_FILE, ENTROPY_FILE, CASE_LOG)]
    shown = (row.status.model_dump_json(), links, files_there, dict(colours), dict(expected), _look())
    return _KEY.format(hashlib.sha256(repr(shown).encode()).hexdigest())


@cache
def _look() -> str:
    """Return a text that changes with the look of the pages."""
    templates = files("hnseg.cohort.report") / "templates"
    own = ((templates / name).read_text(encoding="utf-8") for name in ("case.html.j2", "case.css"))
    return "".join((__version__, *own, *map(shared_text, SHARED_FILES)))


def _has_key(page: Path, key: str) -> bool:
    try:
        with page.open("rb") as file:
            return file.read(len(key)) == key.encode()
    except OSError:
        return False


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait until no other run writes the report; the kernel ends the turn of a run that dies."""
    with (folder / LOCK_FILE).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
