"""Input list `/input/inputs.json`, in which the platform gives the folder or file of each socket.

It is a list with one object a socket. Live jobs have had it since March 2025, describing the socket under `interface`
and, since December 2025, also under `socket`; local test packs have `socket` alone, with fewer keys; older jobs have no
such file (DIAGNijmegen/rse-grand-challenge, `components/serializers.py` and `forge/models.py`, 2025-12). Original file
names also stand in it, and may name patients, so nothing of its contents is quoted but slugs and paths.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from pydantic import BaseModel, TypeAdapter, ValidationError, model_validator

from hnseg.bounded_files import read_bounded
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec

FILE_NAME = "inputs.json"


class _Description(BaseModel):
    """Description of a socket, by the platform (`super_kind`) or by a local test pack (`is_image_kind`)."""

    slug: str
    relative_path: str
    super_kind: str = "Image"
    is_image_kind: bool = True

    @property
    def is_image(self) -> bool:
        """Whether the socket holds an image, by either kind of description."""
        return self.super_kind.lower() == "image" and self.is_image_kind


class _Entry(BaseModel):
    socket: _Description | None = None
    interface: _Description | None = None

    @model_validator(mode="after")
    def _is_described(self) -> _Entry:
        if self.description is None:
            raise ValueError("must have the key socket or interface")
        return self

    @property
    def description(self) -> _Description | None:
        """Description of the socket, under its present key or its legacy one."""
        return self.socket or self.interface


_ENTRIES = TypeAdapter(list[_Entry])


def socket_folders(spec: ChallengeSpec, input_dir: Path) -> dict[str, Path]:
    """Return each input socket's folder, by slug.

    It is the one that `inputs.json` gives for the slug, and the spec's where there is no such file or slug. Sockets
    that the spec doesn't know are ignored.

    Raises:
        InputError: The file does not have the platform's form, or describes a socket as something else than an image.
    """
    announced = _announced(input_dir / FILE_NAME)
    folders = {}
    for socket in spec.inputs:
        description = announced.get(socket.slug)
        if description is not None and not description.is_image:
            raise InputError(
                f"The socket {socket.slug} must be an image, but {input_dir / FILE_NAME} describes it as another kind."
                " Do the phase's sockets have other slugs than the challenge's spec.py?"
            )
        folders[socket.slug] = input_dir / (description.relative_path if description else socket.relative_path)
    return folders


def value_files(spec: ChallengeSpec, input_dir: Path) -> dict[str, Path]:
    """Return each value socket's file, by slug in the spec's order; the file need not exist.

    It is the one that `inputs.json` gives for the slug, and the spec's where there is no such file or slug.

    Raises:
        InputError: The file does not have the platform's form.
    """
    if not spec.values:
        return {}
    announced = _announced(input_dir / FILE_NAME)
    return {socket.slug: input_dir / (announced.get(socket.slug) or socket).relative_path for socket in spec.values}


def _announced(path: Path) -> dict[str, _Description]:
    """Return the descriptions by slug; none where the file is absent."""
    if not path.is_file():
        return {}
    try:
        entries = _ENTRIES.validate_json(read_bounded(path))
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{path} must be a JSON list with one object a socket, but {_first_problem(error)}."
            " Was it written by hand or cut off?"
        ) from error
    found = {entry.description.slug: entry.description for entry in entries if entry.description}
    for description in found.values():
        relative = PurePosixPath(description.relative_path)
        if relative.is_absolute() or ".." in relative.parts or "\0" in description.relative_path:
            raise InputError(
                f"{path} must give folders below the input folder, but the socket {description.slug} is at"
                f" {description.relative_path!r}. Was it written by hand?"
            )
    return found


def _first_problem(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return f"it can't be read ({error.strerror})"
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = " > ".join(str(part) for part in first["loc"])
    return f"at {place}: {first['msg']}" if place else str(first["msg"])
