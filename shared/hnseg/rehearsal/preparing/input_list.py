"""Input list `inputs.json` as the platform writes it into `/input`, in its dialect of today or an older one.

The keys are those of DIAGNijmegen/rse-grand-challenge, `components/serializers.py` at b029fce and 4e38c78, and of its
`forge/models.py`, 2025-12. `hnseg.platform.inputs_json` is the reader.
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from hnseg.bounded_files import read_bounded
from hnseg.imaging.files.formats import images_in
from hnseg.platform.inputs_json import FILE_NAME
from hnseg.platform.spec import ChallengeSpec, InputSocket, ValueSocket


class Dialect(str, Enum):
    """Dialect of `inputs.json`, by the key under which an entry describes its socket."""

    TODAY = "today"
    """Keys `interface` and `socket`, since 2025-12-18 (pull request 4487)."""
    INTERFACE = "interface"
    """Key `interface` alone, from 2025-03-20 (pull request 3905)."""
    SOCKET = "socket"
    """Key `socket` alone, with fewer keys in it: local test packs since 2025-12."""
    NONE = "none"
    """No such file: jobs before 2025-03-20."""


OLDER = (Dialect.INTERFACE, Dialect.SOCKET, Dialect.NONE)


def write_input_list(spec: ChallengeSpec, input_dir: Path, dialect: Dialect) -> None:
    """Write `inputs.json` into a case's input folder, with an entry for each input that lies at its spec's path.

    A list that is there already stays with `Dialect.TODAY`; the others replace it, or remove it.
    """
    file = input_dir / FILE_NAME
    if dialect is Dialect.TODAY and file.exists():
        return
    file.unlink(missing_ok=True)
    if dialect is Dialect.NONE:
        return
    file.write_text(json.dumps(_entries(spec, input_dir, dialect)), encoding="utf-8")
    file.chmod(0o644)


def _entries(spec: ChallengeSpec, input_dir: Path, dialect: Dialect) -> list[dict[str, Any]]:
    images = [(socket, images_in(input_dir / socket.relative_path)) for socket in spec.inputs]
    files = [(socket, input_dir / socket.relative_path) for socket in spec.values]
    given: list[tuple[InputSocket | ValueSocket, dict[str, Any]]] = [
        *((socket, {"value": None, "image": _image(found[0], dialect)}) for socket, found in images if found),
        *((socket, {"value": _value(file), "image": None}) for socket, file in files if file.is_file()),
    ]
    return [
        {**_described(socket, number, dialect), **content, "file": None, "pk": number}
        for number, (socket, content) in enumerate(given, start=1)
    ]


def _described(socket: InputSocket | ValueSocket, number: int, dialect: Dialect) -> dict[str, Any]:
    """Return the socket's description under each key of the dialect."""
    if dialect is Dialect.SOCKET:
        return {"socket": _local_description(socket)}
    description = _description(socket, number)
    return {key: description for key in ("socket", "interface") if dialect is Dialect.TODAY or key == dialect.value}


def _description(socket: InputSocket | ValueSocket, number: int) -> dict[str, Any]:
    """Return a socket's description as the live platform gives it."""
    labels = socket.labels if isinstance(socket, InputSocket) else None
    kind = ("Segmentation" if labels else "Image") if isinstance(socket, InputSocket) else "Anything"
    return {
        "title": socket.title,
        "description": "",
        "slug": socket.slug,
        "kind": kind,
        "pk": number,
        "default_value": None,
        "super_kind": "Image" if isinstance(socket, InputSocket) else "Value",
        "relative_path": socket.relative_path,
        "overlay_segments": [
            {"name": name, "visible": True, "voxel_value": value} for value, name in (labels or {}).items()
        ],
        "look_up_table": None,
    }


def _local_description(socket: InputSocket | ValueSocket) -> dict[str, Any]:
    """Return a socket's description as a local test pack gives it."""
    is_image = isinstance(socket, InputSocket)
    return {
        "slug": socket.slug,
        "relative_path": socket.relative_path,
        "is_image_kind": is_image,
        "is_panimg_kind": is_image,
        "is_dicom_image_kind": False,
        "is_json_kind": not is_image,
        "is_file_kind": False,
    }


def _image(file: Path, dialect: Dialect) -> dict[str, str]:
    named = {"name": file.name}
    return named if dialect is Dialect.SOCKET else {"pk": str(uuid5(NAMESPACE_URL, file.name)), **named}


def _value(file: Path) -> Any:
    """Return a file's JSON value, NaN and infinities as null; None where it can't be read or is nested too deep."""
    try:
        value = json.loads(read_bounded(file), parse_constant=lambda _: None)
        json.dumps([[[[value]]]])  # as deep as in the list
    except (OSError, ValueError, RecursionError):
        return None
    return value
