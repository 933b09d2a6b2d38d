"""Files of each case in a folder to score: a label map, and JSON files of the case's other answers.

Three layouts, distinguished by the files themselves:

```
<case>.mha, <case>.json                             a label map a case, and its other answers, if any, in one object
<case>/images/<socket>/<file>, <case>/<value>.json  a container's outputs; also below <case>/output or <case>/expected
<case>/<case>.nii.gz, <case>/<case>.json            a folder a case, as data sets come
```

Suffixes may be in capitals. Names that begin with a point are no data. `hnseg.evaluation.files.untaken` says what
else is in such a folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.imaging.files.formats import READ, images_in, stem_of
from hnseg.imaging.files.visible import visible_in
from hnseg.printable import is_utf8, printable

_SHOWN = 3


@dataclass(frozen=True)
class CaseFiles:
    """Files of one case.

    Attributes:
        name: Name of the label map's file, or of the case's folder.
        label_maps: Label maps by the slug of their socket; by the empty name in the layouts without sockets.
        values: JSON files of the other answers.
    """

    name: str
    label_maps: Mapping[str, Path]
    values: tuple[Path, ...] = ()


def cases_in(folder: Path) -> list[CaseFiles]:
    """Return the files of each case in a folder, sorted by name.

    Args:
        folder: Folder with label maps; or, where it has none, with a folder a case.

    Raises:
        InputError: The folder is missing, can't be read or has neither; or a case has a name that is not UTF-8, two
            images in one socket, or outputs in two places.
    """
    try:
        cases = list(_of_files(folder)) or list(_of_subfolders(folder))
    except OSError as error:
        raise InputError(
            f"A folder to score must be readable, but {error.filename} is not: {error.strerror}."
        ) from error
    if not cases:
        raise InputError(
            f"A folder to score must hold label maps ({', '.join(READ)}), but {folder} {_state_of(folder)}."
            " Was the path to the files' own folder given?"
        )
    for case in cases:
        _check_name(case.name, folder)
    return cases


def read_values(files: Iterable[Path]) -> dict[str, Any]:
    """Read the values in JSON files.

    Returns:
        Values by name: an object's keys are names, and any other value is named by its file. Empty without a file.

    Raises:
        InputError: A file is not JSON, or two values have one name.
    """
    values: dict[str, Any] = {}
    for path in files:
        content = _json(path)
        named = content if isinstance(content, dict) else {path.stem: content}
        twice = sorted(values.keys() & named.keys())
        if twice:
            raise InputError(f"A case must have one {twice[0]}, but {path} gives another. Are older files there still?")
        values |= named
    return values


def _json(path: Path) -> Any:
    try:
        return json.loads(read_bounded(path))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"The values of a case must be a JSON file, but {path} can't be read as one: {error}."
        ) from error


def _state_of(folder: Path) -> str:
    """Return what is in a folder without a label map, in words."""
    if not folder.is_dir():
        return "is a file" if folder.exists() else "does not exist"
    names = [path.name for path in visible_in(folder)]
    more = " and more" if len(names) > _SHOWN else ""
    return f"has none, only {', '.join(names[:_SHOWN])}{more}" if names else "has none"


def _check_name(name: str, folder: Path) -> None:
    if not is_utf8(name):
        raise InputError(
            f"The names of cases must be UTF-8, but {printable(name)} in {folder} is not."
            " Was it written on another system? Rename it."
        )


def _of_files(folder: Path) -> Iterator[CaseFiles]:
    """Yield the cases of a folder of label maps, each with the JSON files of its name."""
    values: dict[str, list[Path]] = {}
    for path in _json_files(folder):
        values.setdefault(path.stem, []).append(path)
    for path in images_in(folder):
        yield CaseFiles(path.name, {"": path}, tuple(values.get(stem_of(path.name), ())))


def _of_subfolders(folder: Path) -> Iterator[CaseFiles]:
    for case in (path for path in visible_in(folder) if path.is_dir()):
        root = _outputs_of(case)
        if root is None:
            yield from (one for one in _of_files(case) if stem_of(one.name) == case.name)
        elif label_maps := _by_socket(root / "images", case):
            yield CaseFiles(case.name, label_maps, _json_files(root))


def _outputs_of(case: Path) -> Path | None:
    """Return the folder of a container's outputs in a case's folder; None where there is none."""
    roots = [root for root in (case, case / "output", case / "expected") if (root / "images").is_dir()]
    if len(roots) > 1:
        raise InputError(
            f"A case must have its outputs in one place, but {case} has {roots[0] / 'images'} and"
            f" {roots[1] / 'images'}. Are files of an earlier run still there?"
        )
    return roots[0] if roots else None


def _json_files(folder: Path) -> tuple[Path, ...]:
    return tuple(path for path in visible_in(folder) if path.suffix.lower() == ".json" and path.is_file())


def _by_socket(folder: Path, case: Path) -> dict[str, Path]:
    """Return the only image of each socket's folder that has one, by the socket's slug."""
    sockets = {path.name: images_in(path) for path in visible_in(folder) if path.is_dir()}
    return {socket: _only(images, case) for socket, images in sockets.items() if images}


def _only(images: list[Path], case: Path) -> Path:
    if len(images) > 1:
        raise InputError(
            f"Each case must have one file, but in {case} there are {', '.join(path.name for path in images)}."
            " Are files of an earlier run still there?"
        )
    return images[0]
