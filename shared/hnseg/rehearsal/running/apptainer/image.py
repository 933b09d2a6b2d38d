"""Image for Apptainer: a .sif file, or one that is built from a Docker image for the rehearsal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import BaseModel, Field, ValidationError

from hnseg.errors import EngineError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.rehearsal.running.apptainer.program import Apptainer
from hnseg.rehearsal.running.image import Image

_SOURCES = ("docker-archive:", "docker-daemon:", "oci-archive:")
_SAVED = (".tar", ".tar.gz")
_BUILD_S = 3600.0
_JSON_PART = re.compile(r"^(\d+)\s*\|.*\|\s*JSON\.Generic", re.MULTILINE)
_ARCHITECTURE = re.compile(r"\|\s*FS \(.*/(\w+)\)")


class _DockerConfig(BaseModel):
    """Configuration of a Docker image, as Apptainer keeps it; what it does not set is left out there, or null."""

    user: str | None = Field(default=None, alias="User")
    entrypoint: tuple[str, ...] | None = Field(default=None, alias="Entrypoint")
    cmd: tuple[str, ...] | None = Field(default=None, alias="Cmd")
    working_dir: str | None = Field(default=None, alias="WorkingDir")
    labels: dict[str, str] | None = Field(default=None, alias="Labels")

    @property
    def command(self) -> tuple[str, ...]:
        """Program and arguments."""
        return (*(self.entrypoint or ()), *(self.cmd or ()))


@dataclass(frozen=True)
class SifImage:
    """Image in a .sif file.

    Attributes:
        path: The file.
        image: Facts of the Docker image that it was built from; None where it holds none.
        working_dir: Folder in which its program starts, the Dockerfile's WORKDIR; / without one.
    """

    path: Path
    image: Image | None
    working_dir: str


@contextmanager
def sif_image(apptainer: Apptainer, tag: str) -> Iterator[SifImage]:
    """Yield an image as a .sif file; one that is built for it is removed afterwards.

    Args:
        apptainer: Program that builds it.
        tag: Path of a .sif file, or of what docker save wrote (.tar, .tar.gz); docker-archive:, oci-archive: or
            docker-daemon: with what follows there; anything else is the tag of an image of Docker's service.

    Raises:
        EngineError: There is no such image, or it can't be built.
    """
    path = Path(tag)
    if tag.endswith(".sif"):
        if not path.is_file():
            raise EngineError(f"The image must be a file, but there is none at {tag}. Is the path right?")
        yield described(apptainer, path.resolve(), tag)
        return
    with TemporaryDirectory(prefix="hnseg-sif-") as folder:
        built = Path(folder) / "image.sif"
        try:
            apptainer.ask("--silent", "build", str(built), source_of(tag), timeout_s=_BUILD_S)
        except EngineError as error:
            raise EngineError(
                f"{error}. An image for Apptainer is a .sif file, a docker-archive: file, or one that Docker's service"
                f" has: is {tag} one of them?",
                engine_says=error.engine_says,
            ) from error
        yield described(apptainer, built, tag)


def source_of(tag: str) -> str:
    """Return the source of a build by the name that was given.

    >>> source_of("mine:1"), source_of("build/mine.tar.gz")
    ('docker-daemon:mine:1', 'docker-archive:build/mine.tar.gz')
    """
    if tag.startswith(_SOURCES):
        return tag
    if tag.endswith(_SAVED):
        return f"docker-archive:{tag}"
    last = tag.rpartition("/")[2]
    return f"docker-daemon:{tag}" if ":" in last else f"docker-daemon:{tag}:latest"


def described(apptainer: Apptainer, path: Path, tag: str) -> SifImage:
    """Return an image with the facts that its file holds of the Docker image that it was built from."""
    parts = apptainer.ask("sif", "list", str(path)).decode("utf-8", "backslashreplace")
    found = (_config_in(apptainer.ask("sif", "dump", number, str(path))) for number in _JSON_PART.findall(parts))
    config = next(filter(None, found), None)
    if config is None:
        return SifImage(path, None, "/")
    architecture = _ARCHITECTURE.search(parts)
    image = Image(
        tag=tag,
        identifier=sha256_of(path),
        user=config.user or "",
        architecture=architecture[1] if architecture else "",
        labels=config.labels or {},
        size_bytes=path.stat().st_size,
        command=config.command,
    )
    return SifImage(path, image, config.working_dir or "/")


def _config_in(content: bytes) -> _DockerConfig | None:
    """Return the configuration that a part of a .sif file holds; None for another part."""
    try:
        config = _DockerConfig.model_validate_json(content)
    except ValidationError:
        return None
    return config if config.model_fields_set else None
