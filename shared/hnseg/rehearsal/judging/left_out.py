"""Findings on what a container left in /output and is no file that the platform, or this machine, can take from it.

After DIAGNijmegen/rse-sagemaker-shim at b20f0a7, `models.py`: as root it uploads every regular file below /output and
whatever a link leads to, passes over pipes, sockets and devices, and stops at a link to a folder or to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from hnseg.platform.spec import ChallengeSpec
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.judging.outputs import MOST_FILES, OUTPUT_TOO_LARGE, too_many_files
from hnseg.rehearsal.running.collection import MOST_BYTES, MOST_ENTRIES, MOST_LEVELS, Collection, Kind, LeftOut

_SHOWN = 5  # names in a sentence
_NOT_COLLECTED = "The platform does not collect it; write a regular file."
_EXPLANATIONS = {
    Kind.LINK: (
        "is a link. It leads to a folder or to nothing, at which the platform's upload ends in an error of its own."
        " Write the file itself."
    ),
    Kind.LINK_OUT: (
        "is a link. It leads out of /output, where nothing can be followed here, which is stricter than the platform:"
        " it uploads the file that the link leads to, and ends in an error of its own at a folder or at nothing. Write"
        " the file itself."
    ),
    Kind.FIFO: f"is a FIFO. {_NOT_COLLECTED}",
    Kind.SOCKET: f"is a socket. {_NOT_COLLECTED}",
    Kind.DEVICE: f"is a device. {_NOT_COLLECTED}",
    Kind.UNREADABLE: "could not be read here by this user. The platform reads it as root; here, let everyone read it.",
    Kind.TOO_DEEP: f"lies below {MOST_LEVELS} folders, or its path is longer than the platform's storage can name.",
    Kind.TOO_LARGE: f"was not copied: with it, the output would be larger than {MOST_BYTES >> 30} GiB.",
    Kind.NOT_UTF8: "has a name that is not UTF-8, which the platform's storage does not take.",
    Kind.UNNAMEABLE: "was not copied: its name can't be shown, and the name with escapes is taken or too long.",
}
_FAILS = {Kind.LINK, Kind.LINK_OUT, Kind.TOO_DEEP, Kind.TOO_LARGE, Kind.NOT_UTF8}
"""Kinds with which an upload fails, or may fail, wherever the entry lies."""
_FAILS_WHERE_DECLARED = {Kind.UNREADABLE, Kind.UNNAMEABLE}
"""Kinds with which the declared outputs can't be judged here."""


def judge_left_out(collection: Collection, spec: ChallengeSpec) -> list[Finding]:
    """Return the findings on the entries of an output that were not copied; empty for regular files alone.

    Args:
        collection: Copy of the output.
        spec: Challenge whose declared outputs are needed to judge a case.
    """
    images = [socket.relative_path for socket in spec.image_outputs]
    declared = list(map(PurePosixPath, [*images, *(answer.relative_path for answer in spec.answers)]))
    findings = [] if collection.is_complete else [_too_many(collection, spec)]
    for kind in Kind:
        entries = [entry for entry in collection.left_out if entry.kind is kind]
        findings += _findings(entries, declared)
    return findings


def _findings(entries: Sequence[LeftOut], declared: Sequence[PurePosixPath]) -> list[Finding]:
    """Return a failure of those of one kind that fail a case, and a warning of the others."""
    failing = [entry for entry in entries if _fails(entry, declared)]
    others = [entry for entry in entries if entry not in failing]
    findings = [failure("import", _platform_says(failing[0].kind), _sentence(failing))] if failing else []
    return [*findings, warning("import", _sentence(others))] if others else findings


def _fails(entry: LeftOut, declared: Iterable[PurePosixPath]) -> bool:
    if entry.kind in _FAILS_WHERE_DECLARED:
        return any(path.is_relative_to(entry.path) or entry.path.is_relative_to(path) for path in declared)
    return entry.kind in _FAILS


def _sentence(entries: Sequence[LeftOut]) -> str:
    """Return the sentence on entries of one kind."""
    names = ", ".join(
        f"{entry.path} to {entry.target}" if entry.target else str(entry.path) for entry in entries[:_SHOWN]
    )
    more = f" and {len(entries) - _SHOWN} more" if len(entries) > _SHOWN else ""
    return f"In /output, {names}{more}: {'each ' if len(entries) > 1 else ''}{_EXPLANATIONS[entries[0].kind]}"


def _platform_says(kind: Kind) -> str:
    return OUTPUT_TOO_LARGE if kind is Kind.TOO_LARGE else ""


def _too_many(collection: Collection, spec: ChallengeSpec) -> Finding:
    """Return the failure of an output with more entries than are looked at, in the platform's words where it fails."""
    listed = {
        socket.relative_path: sum(path.as_posix().startswith(socket.relative_path) for path in collection.files)
        for socket in spec.image_outputs
    }
    return failure(
        "import",
        next((too_many_files(prefix) for prefix, count in listed.items() if count > MOST_FILES), ""),
        f"/output holds over {MOST_ENTRIES:,} files and folders, and those beyond were not looked at, which is stricter"
        f" than the platform: it counts up to {MOST_FILES:,} files in the folder of each declared output.",
    )
