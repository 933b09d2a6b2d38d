"""Files and folders of a folder to score that belong to no case: named, or refused where they may be one.

A label map in a format that is not read must not drop its case from a score in silence. So a file beside the label maps
must be a document by its suffix, or bear the name of a case that has a label map, as probabilities do.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.evaluation.files.case_files import CaseFiles
from hnseg.imaging.files.formats import READ, has_suffix, stem_of
from hnseg.imaging.files.visible import beside, is_visible

_DOCUMENTS = (
    ".json", ".jsonl", ".csv", ".tsv", ".txt", ".md", ".rst", ".log", ".pdf", ".htm", ".html", ".xml", ".yaml", ".yml",
    ".toml", ".ini", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".odt", ".png", ".jpg", ".jpeg", ".svg", ".py", ".sh",
    ".ipynb", ".pkl", ".db", ".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".sha256", ".md5",
)  # fmt: skip
"""Suffixes of files that are no label maps; archives among them hold files that lie beside them unpacked."""
_SHOWN = 5
_IMAGES, _INPUT = "images", "input"  # folders of a case: its sockets, and what the container read


@dataclass(frozen=True)
class Untaken:
    """Files and folders of a folder to score that belong to no case.

    Attributes:
        names: Paths below the folder, sorted.
        folders: Names of those folders among them that hold images and yet no label map of a case.
    """

    names: tuple[str, ...]
    folders: tuple[str, ...] = ()

    def note(self, title: str) -> str:
        """Return a sentence with the first names; empty where there is none.

        >>> Untaken(("notes.txt", "plans.json")).note("the predictions")
        'Not taken from the predictions: 2 (notes.txt, plans.json).'
        """
        if not self.names:
            return ""
        more = ", ..." if len(self.names) > _SHOWN else ""
        shown = ", ".join(os.fsencode(name).decode(errors="backslashreplace") for name in self.names[:_SHOWN])
        return f"Not taken from {title}: {len(self.names)} ({shown}{more})."


def untaken_in(folder: Path, cases: Sequence[CaseFiles]) -> Untaken:
    """Return the files and folders of a folder to score that belong to no case.

    Args:
        folder: Folder to score.
        cases: All its cases, as `cases_in` returns them.

    Raises:
        InputError: A file may be a label map, and is none that is read.
    """
    taken = {path for case in cases for path in (*case.label_maps.values(), *case.values)}
    stems = {stem_of(case.name) for case in cases}
    names: list[str] = []
    folders: list[str] = []
    for path in beside(folder, taken):
        if path.name == _INPUT and path.parent != folder:
            continue
        names.append(str(path.relative_to(folder)))
        if _holds_others(path, folder, stems):
            folders.append(path.name)
    return Untaken(tuple(names), tuple(folders))


def _holds_others(path: Path, folder: Path, stems: set[str]) -> bool:
    """Return whether a path that is not taken is a folder of images of other cases; refuse what may be a label map.

    Of what lies in a case's own folder, only another socket may hold another label map of it.
    """
    is_socket = path.parent.name == _IMAGES
    if path.parent != folder and not is_socket:
        return False
    if path.is_dir() and not has_suffix(path.name):
        return _holds_other_cases(path, stems) and not is_socket
    if not is_socket and (has_suffix(path.name) or not _is_harmless(path.name, stems)):
        raise _refusal(path)
    return False


def _holds_other_cases(folder: Path, stems: set[str]) -> bool:
    """Return whether a folder holds images anywhere that don't bear the names of taken cases.

    Raises:
        InputError: A file in it may be a label map, and is none that is read.
    """
    found = False
    for root, folders, files in os.walk(folder):
        folders[:] = filter(is_visible, folders)
        for name in filter(is_visible, files):
            if not _is_harmless(name, stems):
                if not has_suffix(name):
                    raise _refusal(Path(root, name))
                found = True
    return found


def _is_harmless(name: str, stems: set[str]) -> bool:
    """Return whether a file is a document, or of a case that has a label map."""
    beginnings = {name[:place] for place, letter in enumerate(name) if letter == "."}
    if beginnings & stems or name in stems:
        return True
    is_plain = "." not in name and not any(letter.isdigit() for letter in name)  # README, LICENSE
    return is_plain or name.lower().endswith(_DOCUMENTS)


def _refusal(path: Path) -> InputError:
    what = "is no file" if has_suffix(path.name) else "has another suffix"
    return InputError(
        f"Every label map must be a file of type {', '.join(READ)}, but {path} {what}, so that its case would be left"
        " out of the score. Convert it, or move it to another folder if it is none."
    )
