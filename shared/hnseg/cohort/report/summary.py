"""Summary of a cohort as Markdown, to be pasted: numbers alone, and no case's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from hnseg.cohort.flags import FLAG_WORDS
from hnseg.cohort.report.rendering import in_time
from hnseg.cohort.report.rows import CaseRow
from hnseg.machine import in_gib
from hnseg.version import __version__


def summary_of(rows: Sequence[CaseRow], *, title: str) -> str:
    """Return how many cases are done, failed and flagged, with times, memory, the model's checksum and the version.

    Args:
        rows: Rows of the cases.
        title: Title of the report.
    """
    failed = sum(row.rank == 0 for row in rows)
    facts = {
        "Cases": f"{len(rows)}, {len(rows) - failed} done, {failed} failed",
        "To look at": _flags(rows),
        "Time of a case": _times([row.status.seconds for row in rows if row.rank > 0]),
        "Memory": _memory(rows),
        "Model": ", ".join(f"sha256 {model}" for model in sorted({row.model_sha256 for row in rows} - {""})),
        "Version": f"hnseg {__version__}",
    }
    return "\n".join([f"**{title}**", "", *(f"- {name}: {words}" for name, words in facts.items() if words)]) + "\n"


def _flags(rows: Sequence[CaseRow]) -> str:
    """Return how many cases have a flag of each kind, the most frequent first; empty without any."""
    counts = Counter(kind for row in rows for kind in {flag.kind for flag in row.flags})
    return ", ".join(f"{FLAG_WORDS[kind]} ({count})" for kind, count in sorted(counts.items(), key=_most_first))


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _times(seconds: Sequence[float]) -> str:
    return f"median {in_time(median(seconds))}, at most {in_time(max(seconds))}" if seconds else ""


def _memory(rows: Sequence[CaseRow]) -> str:
    peaks = [peak for row in rows if (peak := row.peak_memory_gib) is not None]
    return f"{in_gib(max(peaks))} at most" if peaks else ""
