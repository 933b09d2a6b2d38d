"""Page of a cohort: what to look at first, then every case in a table that sorts and filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from hnseg.cohort.flags import FLAG_WORDS, Flag, FlagKind
from hnseg.cohort.report.pictures import THUMBNAIL_FILE
from hnseg.cohort.report.rendering import address_of, environment
from hnseg.cohort.report.rows import CaseRow, in_order
from hnseg.cohort.report.summary import summary_of
from hnseg.cohort.state.store import REPORT_FOLDER
from hnseg.version import __version__

INDEX_FILE = "index.html"

MOST_COLUMNS = 4
"""Number of structures up to which the table has a column for the volume of each."""

_NAMES_IN_CHIP = 2


@dataclass(frozen=True)
class Chip:
    """Label of all flags of a kind on a case.

    Attributes:
        words: Kind, and the first structures.
        title: Sentences of all of them.
    """

    words: str
    title: str


@dataclass(frozen=True)
class Summary:
    """Summary of a cohort.

    Attributes:
        done: Number of cases that are done.
        failed: Number of cases that failed.
        flagged: Number of cases to look at: failed, or done with a flag.
        median_s: Median of the seconds of a case that is done; None without one.
        span_s: Seconds from the start of the first case to the end of the last; None without a case.
        ended: End of the last case; None without one.
    """

    done: int
    failed: int
    flagged: int
    median_s: float | None
    span_s: float | None
    ended: datetime | None

    @property
    def total(self) -> int:
        """Number of all cases."""
        return self.done + self.failed

    @classmethod
    def of(cls, rows: Sequence[CaseRow]) -> Summary:
        """Return the summary of some cases."""
        statuses = [row.status for row in rows]
        starts = [status.ended - timedelta(seconds=status.seconds) for status in statuses]
        ended = max((status.ended for status in statuses), default=None)
        seconds = [status.seconds for status in statuses if status.status == "done"]
        return cls(
            done=len(seconds),
            failed=len(statuses) - len(seconds),
            flagged=sum(row.rank < 2 for row in rows),
            median_s=median(seconds) if seconds else None,
            span_s=None if ended is None else (ended - min(starts)).total_seconds(),
            ended=ended,
        )


def as_index_page(
    rows: Sequence[CaseRow], structures: Sequence[str], folder: Path, *, title: str, csv_file: str
) -> str:
    """Return the page as HTML: without outside parts but the pictures, so that it opens from disk.

    Args:
        rows: Rows of the cases, in any order.
        structures: Names of the structures, whose volumes are shown where they are few.
        folder: Folder of the page, from which it links to the cases' pages.
        title: Title of the page.
        csv_file: Name of the table beside it.
    """
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            title=title,
            c=Summary.of(rows),
            rows=in_order(rows),
            drawn={row.name for row in rows if (row.folder / REPORT_FOLDER / THUMBNAIL_FILE).is_file()},
            summary=summary_of(rows, title=title),
            columns=structures if len(structures) <= MOST_COLUMNS else (),
            kinds=FLAG_WORDS,
            csv_file=csv_file,
            address_of=lambda row, name: address_of(row.folder / REPORT_FOLDER / name, seen_from=folder),
            chips_of=chips_of,
            version=__version__,
        )
    )


def chips_of(flags: Sequence[Flag]) -> list[Chip]:
    """Return a label for each kind of flag that a case has."""
    return [_chip(kind, [flag for flag in flags if flag.kind == kind]) for kind in dict.fromkeys(f.kind for f in flags)]


def _chip(kind: FlagKind, flags: Sequence[Flag]) -> Chip:
    names = list(dict.fromkeys(flag.structure for flag in flags if flag.structure))
    more = f" and {len(names) - _NAMES_IN_CHIP} more" if len(names) > _NAMES_IN_CHIP else ""
    shown = ", ".join(names[:_NAMES_IN_CHIP])
    words = FLAG_WORDS[kind] + (f": {shown}{more}" if shown else "")
    return Chip(words, "\n".join(flag.sentence for flag in flags))
