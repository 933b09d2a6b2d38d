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
    done = [row for row in rows if row.rank > 0]
    flags = Counter(kind for row in rows for kind in {flag.kind for flag in row.flags})
    peaks = [row.peak_memory_gib for row in rows if row.peak_memory_gib is not None]
    models = sorted({row.model_sha256 for row in rows} - {""})
    seconds = [row.status.seconds for row in done]
    facts = {
        "Cases": f"{len(rows)}, {len(done)} done, {len(rows) - len(done)} failed",
        "To look at": ", ".join(f"{FLAG_WORDS[kind]} ({count})" for kind, count in flags.most_common()),
        "Time of a case": f"median {in_time(median(seconds))}, at most {in_time(max(seconds))}" if seconds else "",
        "Memory": f"{in_gib(max(peaks))} at most" if peaks else "",
        "Model": ", ".join(f"sha256 {model}" for model in models),
        "Version": f"hnseg {__version__}",
    }
    return "\n".join([f"**{title}**", "", *(f"- {name}: {words}" for name, words in facts.items() if words)]) + "\n"
