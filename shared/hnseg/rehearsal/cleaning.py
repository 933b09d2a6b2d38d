"""Cleaning of what a container hands over, before it reaches a report: texts, JSON values, and its folder of outputs.

A container may be broken or hostile. Control characters would move a terminal's cursor, lone surrogates can't be
written as JSON, a value may be nested a thousand times, and a link may point at a file of this machine.
"""

from __future__ import annotations

import math
import os
import shutil
import stat
from pathlib import Path
from typing import Any

MOST_CHARACTERS = 10_000
"""Longest text that is kept; what is cut off ends in three points."""
_MOST_ENTRIES, _MOST_LEVELS = 1000, 12
_SHAPES: dict[str, type] = {
    "versions": dict,
    "settings": dict,
    "effort_spent": dict,
    "predict_s": dict,
    "modalities": dict,
    "notes": list,
    "plans": list,
}
_KINDS = {stat.S_ISLNK: "a link", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}


def clean_text(text: str, most: int = MOST_CHARACTERS) -> str:
    r"""Return a text that is safe to print and to write: of bounded length, and what does not print is escaped.

    Tabs and line ends stay.

    >>> clean_text("a\x1b[2Jb\ud800")
    'a\\x1b[2Jb\\ud800'
    """
    cut = text if len(text) <= most else f"{text[:most]}..."
    return "".join(each if each.isprintable() or each in "\n\t" else _escaped(each) for each in cut)


def clean_value(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """Return a JSON value with clean texts and keys, at most 1000 entries in a list or object, and at most 12 levels.

    Numbers that are not finite become None, and what lies deeper becomes a text.
    """
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, (int, float)):
        return value if value is None or math.isfinite(value) else None
    if not levels:
        return "..."
    if isinstance(value, list):
        return [clean_value(each, levels - 1) for each in value[:_MOST_ENTRIES]]
    kept = list(value.items())[:_MOST_ENTRIES]
    return {clean_text(str(key), 200): clean_value(each, levels - 1) for key, each in kept}


def clean_provenance(value: Any) -> dict[str, Any] | None:
    """Return a provenance whose lists are lists of texts or objects, and whose objects are objects; None for no object.

    Entries of another shape than the core writes are left out: an image of other origin may use the words for anything.
    """
    if not isinstance(value, dict):
        return None
    clean = clean_value(value)
    kept: dict[str, Any] = {key: entry for key, entry in clean.items() if isinstance(entry, _SHAPES.get(key, object))}
    notes = kept.get("notes", [])
    return kept | ({"notes": [note for note in notes if isinstance(note, str)]} if "notes" in kept else {})


def copy_regular_files(source: Path, target: Path) -> list[str]:
    """Copy a container's folder of outputs, regular files only; nothing is followed out of it.

    Args:
        source: Folder that the container wrote.
        target: Folder that is made.

    Returns:
        What was left out, in words: the path below the folder and what it is.
    """
    left_out: list[str] = []
    target.mkdir(parents=True, exist_ok=True)
    for folder, folders, files in os.walk(source, followlinks=False):
        here = Path(folder)
        for name in list(folders):
            if (here / name).is_symlink():
                folders.remove(name)
                left_out.append(_left_out(here / name, source, "a link"))
            else:
                (target / (here / name).relative_to(source)).mkdir(exist_ok=True)
        reasons = {name: _copy(here / name, target / (here / name).relative_to(source)) for name in files}
        left_out += [_left_out(here / name, source, reason) for name, reason in reasons.items() if reason]
    return left_out


def _copy(path: Path, target: Path) -> str:
    """Copy a regular file; return what it is instead, or why it can't be read; empty where it was copied."""
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode):
        return next((kind for is_kind, kind in _KINDS.items() if is_kind(mode)), "a device")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as read, target.open("wb") as written:
            shutil.copyfileobj(read, written)
    except OSError as error:
        return f"not readable ({error.strerror})"
    return ""


def _left_out(path: Path, source: Path, reason: str) -> str:
    return f"{clean_text(str(path.relative_to(source)), 200)} ({reason})"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
