"""What a rehearsal found: the values behind the table, the page and `rehearsal.json`.

The names are the keys of the JSON file and stay as they are; `schema_version` counts up if one must change. Units are
in the names: seconds `_s`, GiB `_gib`, GB `_gb`. A value that could not be measured is null.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from hnseg.evaluation.report import Metrics, ScoreReport
from hnseg.records import Frozen
from hnseg.rehearsal.findings import Finding
from hnseg.rehearsal.judging.answers import Answer
from hnseg.rehearsal.machine import Machine
from hnseg.rehearsal.profile import Rule

SCHEMA_VERSION: Literal[1] = 1


class CaseResult(Frozen):
    """One case."""

    name: str
    """The case's folder."""
    passed: bool
    platform_says: str
    """What the platform would show for a failed case; ours where it shows nothing; empty when it passed."""
    findings: tuple[Finding, ...]
    time_s: float
    """What counts against the limit."""
    time_limit_s: float
    startup_s: float | None
    """invoke: until /health gave 200."""
    exit_code: int | None
    """128 + n after signal n; null for a server that was stopped after its answer."""
    timed_out: bool
    memory_killed: bool
    peak_program_gib: float | None
    """The most memory that could not be dropped, which decides whether a case fits."""
    peak_total_gib: float | None
    """With the file cache, which the kernel drops when it needs the room."""
    memory_source: str
    peak_vram_gib: float | None
    output_file: str | None
    """The one image, relative to /output."""
    has_reference: bool
    structures: dict[str, Metrics]
    """The challenge's metrics by structure; empty without a reference or a valid output."""
    answers: dict[str, Answer]
    """What was answered beside the label map, by the socket's slug; empty where nothing was collected."""
    provenance: dict[str, Any] | None
    """The line of JSON that the container printed last."""
    stdout_tail: tuple[str, ...]
    stderr_tail: tuple[str, ...]

    @property
    def margin(self) -> float:
        """The part of the time limit that was left, 0 to 1."""
        return max(0.0, 1 - self.time_s / self.time_limit_s)


class ImageFacts(Frozen):
    """The image that was rehearsed."""

    tag: str
    sha256: str
    user: str
    architecture: str
    api_method: str
    size_gb: float
    """Uncompressed, 1 GB = 10^9 bytes."""


class ModelFacts(Frozen):
    """The weights that were mounted."""

    name: str
    files: int
    size_gb: float


class Rehearsal(Frozen):
    """A whole rehearsal."""

    schema_version: Literal[1] = SCHEMA_VERSION
    created: datetime
    hnseg_version: str
    challenge: str
    title: str
    passed: bool
    verdict: str
    """One sentence."""
    engine: str
    """The container engine and its version, or process."""
    image: ImageFacts | None
    """Null for a process."""
    model: ModelFacts
    machine: Machine
    limits: tuple[Rule, ...]
    gaps: tuple[str, ...]
    """What this rehearsal could not imitate, a sentence each."""
    findings: tuple[Finding, ...]
    """Those about the image or the model rather than a case."""
    cases: tuple[CaseResult, ...]
    """Empty where the image would have been refused."""
    score: ScoreReport | None
    """Over the cases that passed and have a reference; null without any."""
