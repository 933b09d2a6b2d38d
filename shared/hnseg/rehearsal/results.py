"""Results of a rehearsal: the values behind the table, the page and `rehearsal.json`.

The names are the keys of the JSON file and stay as they are; `schema_version` counts up if one must change. Units are
in the names: seconds `_s`, GiB `_gib`, GB `_gb`. A value that could not be measured is null.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from hnseg.evaluation.report import Metrics, ScoreReport
from hnseg.records import Frozen, Text
from hnseg.rehearsal.findings import Finding
from hnseg.rehearsal.judging.answers import Answer
from hnseg.rehearsal.machine import Machine
from hnseg.rehearsal.profile_file import Rule
from hnseg.rehearsal.running.image import Image
from hnseg.rehearsal.running.workplace import size_bytes

SCHEMA_VERSION: Literal[1] = 1


class CaseResult(Frozen):
    """Result of one case."""

    name: Text
    """Name of the case's folder."""
    passed: bool
    platform_says: Text
    """Sentence that the platform would show for a failed case; ours where it shows none; empty when it passed."""
    findings: tuple[Finding, ...]
    time_s: float
    """Time that counts against the limit."""
    time_limit_s: float
    startup_s: float | None
    """Time until /health gave 200, for invoke; null for exec."""
    exit_code: int | None
    """Exit status, 128 + n after signal n; null for a server that was stopped after its reply."""
    timed_out: bool
    memory_killed: bool
    peak_program_gib: float | None
    """Most memory that could not be dropped, which decides whether a case fits."""
    peak_total_gib: float | None
    """Most memory with the file cache, which the kernel drops when programs need the memory."""
    memory_source: str
    """Way in which the memory was measured."""
    peak_vram_gib: float | None
    """Most GPU memory; null without a GPU."""
    output_file: Text | None
    """Path of the one label map, relative to /output."""
    maps: dict[str, Text] = Field(default_factory=dict)
    """Path of each map beside it, relative to /output, by the socket's slug; those that could be imported."""
    has_reference: bool
    structures: dict[str, Metrics]
    """Metrics of the challenge by structure; empty without a reference or a valid output."""
    answers: dict[str, Answer]
    """Answers beside the label map, by the socket's slug; empty where nothing was collected."""
    provenance: dict[str, Any] | None
    """Last line of JSON that the container printed."""
    stdout_tail: tuple[Text, ...]
    """Last lines, as many as the platform keeps; `stderr_tail` likewise."""
    stderr_tail: tuple[Text, ...]

    @property
    def margin(self) -> float:
        """Part of the time limit that was left, 0 to 1."""
        return max(0.0, 1 - self.time_s / self.time_limit_s)


class ImageFacts(Frozen):
    """Image that was rehearsed."""

    tag: Text
    sha256: Text
    user: Text
    architecture: Text
    api_method: Text
    size_gb: float
    """Size of the layers, uncompressed; 1 GB = 10^9 bytes."""

    @classmethod
    def of(cls, image: Image) -> ImageFacts:
        """Return the facts of an image as the engine describes it."""
        return cls(
            tag=image.tag,
            sha256=image.identifier,
            user=image.user,
            architecture=image.architecture,
            api_method=image.api_method,
            size_gb=image.size_bytes / 1e9,
        )


class ModelFacts(Frozen):
    """Weights that were mounted."""

    name: Text
    files: int
    """Number of files below the model's folder."""
    size_gb: float
    sha256: str = ""
    """Checksum over the names and checksums of the files that the container read, as in a cohort's report; empty where
    its provenance tells none."""

    @classmethod
    def of(cls, model_dir: Path, *, sha256: str = "") -> ModelFacts:
        """Return the facts of a model's folder."""
        files = sum(path.is_file() for path in model_dir.rglob("*"))
        return cls(name=model_dir.name, files=files, size_gb=size_bytes(model_dir) / 1e9, sha256=sha256)


class Rehearsal(Frozen):
    """Result of a whole rehearsal: the content of `rehearsal.json`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    created: datetime
    hnseg_version: str
    challenge: str
    title: str
    passed: bool
    verdict: Text
    """Verdict in one sentence."""
    engine: Text
    """Container engine with its version, or process."""
    image: ImageFacts | None
    """Image that ran; null for a process."""
    model: ModelFacts
    machine: Machine
    profile: Text
    """Name of the profile: exec, invoke, batch, or that of a file."""
    limits: tuple[Rule, ...]
    gaps: tuple[Text, ...]
    """Rules of the platform that this rehearsal could not imitate, a sentence each."""
    findings: tuple[Finding, ...]
    """Findings on the image, the model or the score rather than on a case."""
    cases: tuple[CaseResult, ...]
    """Results of the cases; empty where the image would have been refused."""
    score: ScoreReport | None
    """Score over the cases that passed and have a reference; null without any."""
