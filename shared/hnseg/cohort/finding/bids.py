"""Layout of a BIDS-like folder: subjects' folders, in which the words of a name tell what a file is.

Names are those of the Brain Imaging Data Structure (bids-specification, "Common principles"): words joined by
underscores, of which the first is `sub-<label>`, the second may be `ses-<label>`, further ones are entities such as
`run-1`, and the last one is the suffix, such as `T2w`. Each socket has the words that its file's name must have. A file
belongs to the socket with the most words of those whose words its name has; capitals don't matter. Folders between that
of the subject and the file may have any name. Only folders `sub-*` are looked into, so that derivatives are not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.cohort.finding.folders import is_case_folder
from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.finding.slots import Slot, case_of, slots_of
from hnseg.cohort.finding.untaken import untaken_in
from hnseg.imaging.files.formats import READ, has_suffix, stem_of
from hnseg.imaging.files.visible import is_visible, visible_in
from hnseg.platform.spec import ChallengeSpec

_METADATA = ("dataset_description", "participants", "samples", "README", "CHANGES", "LICENSE", "CITATION")
"""Stems of the standard's own files beside the subjects."""
_TABLES = ("_scans", "_sessions")
"""Ends of the standard's own tables inside a subject's folder."""


@dataclass(frozen=True)
class _File:
    """File of a subject that a socket takes."""

    path: Path
    session: str
    slot: str


def subjects_in(folder: Path) -> list[Path]:
    """Return the folders of subjects in a folder, without those that are cases of sockets' folders."""
    folders = (path for path in visible_in(folder) if path.name.startswith("sub-") and path.is_dir())
    return [path for path in folders if not is_case_folder(path)]


def find_in_bids(folder: Path, spec: ChallengeSpec) -> FoundCohort:
    """Return the cases of a BIDS-like folder.

    A case is a subject. It is one session of a subject where several sessions each have every required image, unless
    the sockets themselves are told apart by session, as before and during therapy. Where several files fit one socket,
    such as two runs, the case has a problem which names them.

    Args:
        folder: Absolute path of the folder.
        spec: Description of the sockets, with their words in names.
    """
    groups = [group for subject in subjects_in(folder) for group in _groups_of(subject, spec)]
    slots = slots_of(spec)
    cases = [case_of(name, slots, _by_slot(files, slots)) for name, files in groups]
    taken = {file.path for _, files in groups for file in files}
    ignored = (path for path in untaken_in(folder, taken) if not _is_metadata(path))
    return FoundCohort(tuple(sorted(cases, key=lambda case: case.name)), "bids", tuple(ignored))


def _files_below(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(filter(is_visible, folders))
        yield from (Path(root, name) for name in sorted(names) if is_visible(name))


def _taken(path: Path, spec: ChallengeSpec) -> Iterator[_File]:
    """Yield the file with the socket that takes it; nothing where none does."""
    is_image = has_suffix(path.name, READ)
    words = (stem_of(path.name) if is_image else path.stem).split("_")
    sockets = spec.inputs if is_image else spec.values if path.suffix.lower() == ".json" else ()
    fitting = [socket for socket in sockets if _fits(socket.bids, words)]
    if fitting:
        session = next((word for word in words if word.startswith("ses-")), "")
        yield _File(path, session, max(fitting, key=lambda socket: len(socket.bids)).slug)


def _fits(wanted: Sequence[str], words: Sequence[str]) -> bool:
    """Return whether a name has all wanted words, of which there must be one, in whatever capitals."""
    return bool(wanted) and {word.lower() for word in wanted} <= {word.lower() for word in words}


def _groups_of(subject: Path, spec: ChallengeSpec) -> Iterator[tuple[str, list[_File]]]:
    """Yield the name and the files of each case of a subject: the whole of it, or each session that is complete."""
    files = [file for path in _files_below(subject) for file in _taken(path, spec)]
    sessions = sorted({file.session for file in files})
    complete = [session for session in sessions if _is_complete(_in(files, session), spec)]
    if len(complete) < 2 or _are_told_by_session(spec):
        yield subject.name, files
        return
    for session in complete:
        yield f"{subject.name}_{session}" if session else subject.name, _in(files, session)


def _in(files: Iterable[_File], session: str) -> list[_File]:
    return [file for file in files if file.session == session]


def _is_complete(files: Sequence[_File], spec: ChallengeSpec) -> bool:
    return {socket.slug for socket in spec.inputs if socket.required} <= {file.slot for file in files}


def _by_slot(files: Sequence[_File], slots: Sequence[Slot]) -> dict[str, list[Path]]:
    return {slot.key: [file.path for file in files if file.slot == slot.key] for slot in slots}


def _are_told_by_session(spec: ChallengeSpec) -> bool:
    return any(word.startswith("ses-") for socket in spec.inputs for word in socket.bids)


def _is_metadata(path: Path) -> bool:
    """Return whether a file is one of the standard's own."""
    stem = path.name.split(".")[0]
    return stem in _METADATA or stem.endswith(_TABLES)
