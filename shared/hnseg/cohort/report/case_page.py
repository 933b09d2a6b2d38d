"""Page of a case of a cohort: its picture, the measures of its structures, flags, notes, times and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hnseg.cohort.report.pictures import OVERLAY_FILE
from hnseg.cohort.report.rendering import address_of, environment
from hnseg.cohort.report.rows import CaseRow
from hnseg.printable import printable
from hnseg.version import __version__

LOG_FILE = "log.txt"


@dataclass(frozen=True)
class Links:
    """Addresses of other pages, as seen from a case's page; empty where there is none.

    Attributes:
        index: Page of the cohort.
        previous: Page of the case before, by name.
        next: Page of the case after.
    """

    index: str
    previous: str = ""
    next: str = ""


def as_case_page(
    row: CaseRow, links: Links, folder: Path, *, outputs: Path, colours: Mapping[str, str], expected: Mapping[str, str]
) -> str:
    """Return the page as HTML.

    Args:
        row: Row of the case.
        links: Other pages.
        folder: Folder of the page, with the pictures and the log where there are any.
        outputs: Folder that the paths of the output files are relative to.
        colours: Colour of each structure in the picture, #rrggbb.
        expected: Text on each structure in the training data; empty where nothing is known.
    """
    return environment().get_template("case.html.j2").render(
        row=row,
        links=links,
        overlay=OVERLAY_FILE,
        has_picture=(folder / OVERLAY_FILE).is_file(),
        has_log=(folder / LOG_FILE).is_file(),
        has_positions=any(found.position_mm for found in row.structures.values()),
        flagged={flag.structure for flag in row.flags},
        colours=colours,
        expected=expected,
        provenance="\n".join(map(printable, json.dumps(row.provenance, indent=1).splitlines())) if row.provenance else "",
        address_of_output=lambda path: address_of(outputs / path, seen_from=folder),
        version=__version__,
    )
