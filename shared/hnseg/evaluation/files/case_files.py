"""Files of each case in a folder to score: a label map, and JSON files of the case's other answers.

Three layouts, distinguished by the files themselves:

```
<case>.mha, <case>.json                             a label map a case, and its other answers, if any, in one object
<case>/images/<socket>/<file>, <case>/<value>.json  a container's outputs; also below <case>/output or <case>/expected
<case>/<case>.nii.gz, <case>/<case>.json            a folder a case, as data sets come
```
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.errors import InputError
from hnseg.imaging.files.formats import READ, images_in, stem_of


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
        InputError: The folder is missing or has neither, or a case has two images in one socket.
    """
    cases = [_of_file(path) for path in images_in(folder)] or list(_of_subfolders(folder))
    if not cases:
        found = "has none" if folder.is_dir() else "does not exist"
        raise InputError(
            f"A folder to score must hold label maps ({', '.join(READ)}), but {folder} {found}."
            " Was the path to the files' own folder given?"
        )
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
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"The values of a case must be a JSON file, but {path} can't be read as one: {error}."
        ) from error


def _of_file(path: Path) -> CaseFiles:
    beside = path.with_name(f"{stem_of(path.name)}.json")
    return CaseFiles(path.name, {"": path}, (beside,) if beside.is_file() else ())


def _of_subfolders(folder: Path) -> Iterator[CaseFiles]:
    for case in sorted(path for path in folder.glob("[!.]*") if path.is_dir()):
        roots = [root for root in (case, case / "output", case / "expected") if (root / "images").is_dir()]
        if not roots:
            yield from (_of_file(path) for path in images_in(case) if stem_of(path.name) == case.name)
        elif label_maps := _by_socket(roots[0] / "images", case):
            yield CaseFiles(case.name, label_maps, tuple(sorted(roots[0].glob("*.json"))))


def _by_socket(folder: Path, case: Path) -> dict[str, Path]:
    """Return the only image of each socket's folder that has one, by the socket's slug."""
    sockets = {path.name: images_in(path) for path in sorted(folder.iterdir()) if path.is_dir()}
    return {socket: _only(images, case) for socket, images in sockets.items() if images}


def _only(images: list[Path], case: Path) -> Path:
    if len(images) > 1:
        raise InputError(
            f"Each case must have one file, but in {case} there are {', '.join(path.name for path in images)}."
            " Are files of an earlier run still there?"
        )
    return images[0]
