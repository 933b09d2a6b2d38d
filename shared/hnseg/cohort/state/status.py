"""Status of a case of a cohort: the content of its `status.json`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from hnseg.imaging.files.checksum import sha256_of
from hnseg.records import Frozen, Text

STATUS_FILE = "status.json"


class FileStamp(Frozen):
    """Checksum of a file, and what tells cheaply that the file has not changed since."""

    sha256: str
    size: int
    mtime_ns: int
    ctime_ns: int
    """Time of the last change of content or attributes, which no program can set."""

    @classmethod
    def of(cls, path: Path, known: FileStamp | None = None) -> FileStamp:
        """Return the stamp of a file; it is read only where a known stamp does not tell that it is unchanged.

        Raises:
            OSError: It can't be read.
        """
        found = path.stat()
        as_known = known and (known.size, known.mtime_ns, known.ctime_ns)
        if known is not None and as_known == (found.st_size, found.st_mtime_ns, found.st_ctime_ns):
            return known
        return cls(sha256=sha256_of(path), size=found.st_size, mtime_ns=found.st_mtime_ns, ctime_ns=found.st_ctime_ns)


class Worker(Frozen):
    """Process that ran a case."""

    host: Text
    pid: int
    gpu: str = ""
    """Number or identifier of the GPU that it was given (`CUDA_VISIBLE_DEVICES`); empty for none."""


class CaseStatus(Frozen):
    """Outcome of a case, written when it has ended."""

    case: Text
    status: Literal["done", "failed"]
    reason: Text = ""
    """Sentence on why it failed; empty where it is done."""
    attempts: int = 1
    seconds: float
    """Seconds of the last attempt, without the loading of the work."""
    ended: datetime
    worker: Worker | None = None
    """Process that ran it; None where none did."""
    work_sha256: str
    """Checksum of the work; see `hnseg.cohort.work.WorkReference`."""
    inputs: dict[str, FileStamp]
    """Stamps of its input files, by slug, from before it was run."""
    outputs: dict[str, FileStamp] = Field(default_factory=dict)
    """Stamps of its output files, by path in the case's folder, from after they were checked."""
    facts: dict[str, Any] = Field(default_factory=dict)
    """What the work returned, such as its provenance."""
