"""Page of a case of a cohort: its picture, the measures of its structures, flags, notes, times and provenance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from hnseg.cohort.report.pictures import ENTROPY_FILE, OVERLAY_FILE
from hnseg.cohort.report.rendering import address_of, environment
from hnseg.cohort.report.rows import CaseRow
from hnseg.cohort.state.store import CASE_LOG, REPORT_FOLDER, CaseStore
from hnseg.inference.model.structure_range import StructureRange
from hnseg.printable import printable
from hnseg.version import __version__


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
    row: CaseRow,
    links: Links,
    store: CaseStore,
    *,
    colours: Mapping[str, str],
    expected: Mapping[str, StructureRange],
) -> str:
    """Return the page as HTML.

    Args:
        row: Row of the case.
        links: Other pages.
        store: Store with its outputs, pictures and log.
        colours: Colour of each structure in the picture, #rrggbb.
        expected: Ranges of the structures in the training data, by name; empty where nothing is known.
    """
    folder = row.folder / REPORT_FOLDER
    return (
        environment()
        .get_template("case.html.j2")
        .render(
            row=row,
            links=links,
            overlay=OVERLAY_FILE,
            entropy=ENTROPY_FILE,
            has_entropy=(folder / ENTROPY_FILE).is_file(),
            has_picture=(folder / OVERLAY_FILE).is_file(),
            has_log=(folder / CASE_LOG).is_file(),
            has_positions=any(found.position_mm for found in row.structures.values()),
            flagged={flag.structure for flag in row.flags},
            colours=colours,
            expected={name: _in_words(ranges) for name, ranges in expected.items()},
            provenance="\n".join(map(printable, json.dumps(row.provenance, indent=1).splitlines()))
            if row.provenance
            else "",
            address_of_output=lambda path: address_of(store.output(row.name, path), seen_from=folder),
            version=__version__,
        )
    )


def _in_words(ranges: StructureRange) -> str:
    """Return the range of a structure in the training data: volume, pieces, and how often it is empty."""
    if ranges.volume_ml is None:
        return f"empty in all {ranges.cases} cases"
    least, _, most = ranges.volume_ml
    pieces = f"{ranges.most_components} piece{'s' if ranges.most_components != 1 else ''} at most"
    return f"{least:.3g} to {most:.3g} ml, {pieces}" + (
        f", empty in {ranges.empty} of {ranges.cases}" if ranges.empty else ""
    )
