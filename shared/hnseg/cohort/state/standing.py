"""Standing of a case before a run: whether it has been done, and whether that still counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from hnseg.cohort.case import CohortCase
from hnseg.cohort.state.status import CaseStatus, FileStamp
from hnseg.cohort.state.store import CaseStore

PROBLEM = "problem"
"""Fact of a case that could not be run for what was found of its files: the sentence on it."""


class Standing(NamedTuple):
    """Standing of a case.

    Attributes:
        kind: `new` where there is no status; `done` or `failed` where its status counts; `changed` where what it
            depends on has changed since.
        why: What has changed, to follow "because"; empty for the other kinds.
    """

    kind: Literal["new", "done", "failed", "changed"]
    why: str = ""


def standing_of(case: CohortCase, work_sha256: str, store: CaseStore) -> Standing:
    """Return the standing of a case; its files are read only where their size or times have changed.

    Args:
        case: Case with its files.
        work_sha256: Checksum of the work, as in `hnseg.cohort.work.WorkReference`.
        store: Store of results.
    """
    status = store.status(case.name)
    if status is None:
        return Standing("new")
    why = next(_changes(case, work_sha256, store, status), "")
    return Standing("changed", why) if why else Standing(status.status)


def input_stamps(case: CohortCase, known: Mapping[str, FileStamp] | None = None) -> dict[str, FileStamp]:
    """Return the stamp of each of a case's files that can be read, by its slug.

    Args:
        case: Case with its files.
        known: Stamps of an earlier time, by slug, by which an unchanged file is not read again.
    """
    stamps = {slug: _stamp(path, (known or {}).get(slug)) for slug, path in _files(case).items()}
    return {slug: stamp for slug, stamp in stamps.items() if stamp is not None}


def _changes(case: CohortCase, work_sha256: str, store: CaseStore, status: CaseStatus) -> Iterator[str]:
    """Yield what has changed since a status was written."""
    if case.problem != status.facts.get(PROBLEM, ""):
        yield "other files of it are found now"
    if status.work_sha256 != work_sha256:
        yield "the model or the settings are not those that it was run with"
    found = input_stamps(case, status.inputs)
    for slug in sorted({*found, *status.inputs}):
        if slug not in found:
            yield f"its {slug} is not there any more"
        elif slug not in status.inputs:
            yield f"its {slug} was not there then"
        elif found[slug].sha256 != status.inputs[slug].sha256:
            yield f"its {slug} has changed"
    yield from _changes_of_outputs(case, store, status)


def _changes_of_outputs(case: CohortCase, store: CaseStore, status: CaseStatus) -> Iterator[str]:
    for path, stamp in status.outputs.items():
        now = _stamp(store.output(case.name, path), stamp)
        if now is None or now.sha256 != stamp.sha256:
            yield f"its output {path} {'is missing' if now is None else 'has changed'}"


def _files(case: CohortCase) -> dict[str, Path]:
    return {**case.inputs.images, **case.inputs.values}


def _stamp(path: Path, known: FileStamp | None) -> FileStamp | None:
    try:
        return FileStamp.of(path, known) if path.is_file() else None  # reading a pipe could last for ever
    except OSError:
        return None
