"""Output folders of cohorts that no loop has run: statuses with facts as the works leave them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from hnseg.cohort.report.rows import CaseRow
from hnseg.cohort.state.status import STATUS_FILE, CaseStatus, FileStamp, Worker
from hnseg.imaging.structures import StructureMeasures

START = datetime(2026, 11, 28, 12, tzinfo=timezone.utc)
LABELS = {1: "GTVp", 2: "GTVn"}
STAMP = FileStamp(sha256="ab" * 32, size=1, mtime_ns=1, ctime_ns=1)
FLAG = {"kind": "volume", "structure": "GTVp", "sentence": "GTVp has 99 ml, more than in the training data."}


def measures(volume_ml: float = 8.0, components: int = 1, *, touches_border: bool = False) -> StructureMeasures:
    """Return measures of a structure; a volume of 0 is an empty one."""
    return StructureMeasures(
        volume_ml=volume_ml,
        components=components if volume_ml else 0,
        largest_part=1 / components if volume_ml else 0,
        touches_border=touches_border,
        position_mm=(3.0, 12.0, 160.0) if volume_ml else None,
    )


def facts(
    *, flags: list[dict[str, Any]] | None = None, notes: tuple[str, ...] = (), **volumes: float
) -> dict[str, Any]:
    """Return the facts of a case with these structures."""
    return {
        "provenance": {"notes": list(notes), "peak_memory_gib": 2.5, "model_sha256": {"plans.json": "cd" * 32}},
        "structures": {name: measures(volume).model_dump(mode="json") for name, volume in volumes.items()},
        "flags": flags or [],
    }


def done(case: str = "p1", *, seconds: float = 10.0, ended_s: float = 10.0, **changed: Any) -> CaseStatus:
    """Return the status of a case that is done, changed so."""
    status = CaseStatus(
        case=case,
        status="done",
        seconds=seconds,
        ended=START + timedelta(seconds=ended_s),
        worker=Worker(host="node1", pid=7),
        work_sha256="ef" * 32,
        inputs={"t2w": STAMP},
        outputs={"images/seg/output.mha": STAMP},
        facts=facts(GTVp=8.0, GTVn=2.0),
    )
    return status.model_copy(update=changed)


def failed(case: str = "p2", reason: str = "The T2w must be a file, but there is none.") -> CaseStatus:
    """Return the status of a case that failed."""
    return done(case, status="failed", reason=reason, outputs={}, facts={}, attempts=2)


def row(status: CaseStatus, folder: Path = Path("out")) -> CaseRow:
    """Return the row of a status whose case has a folder of its name."""
    return CaseRow(status, folder / status.case)


def write_statuses(folder: Path, *statuses: CaseStatus) -> Path:
    """Write the statuses into an output folder, each with a log, and return the folder."""
    for status in statuses:
        report = folder / status.case / "report"
        report.mkdir(parents=True, exist_ok=True)
        (report / "log.txt").write_text("read: 0.1 s\n")
        (folder / status.case / STATUS_FILE).write_text(status.model_dump_json())
    return folder
