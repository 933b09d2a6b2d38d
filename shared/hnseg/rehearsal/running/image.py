"""Container image: built from the challenge's folder, and described by the engine."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import EngineError
from hnseg.rehearsal.running.engine import Engine

API_METHOD_LABEL = "org.grand-challenge.api-method"
_NO_QUOTES = str.maketrans("", "", "\"'")
_ANSWER = 42  # status by which a Python shows that it is one


@dataclass(frozen=True)
class Image:
    """Image as the engine describes it.

    Attributes:
        tag: Tag by which the image was asked for.
        identifier: Checksum of the image, sha256 in hexadecimal digits.
        user: User of the Dockerfile's USER; empty without one.
        architecture: Processor architecture, such as amd64.
        labels: Labels by name.
        size_bytes: Size of the layers, uncompressed.
        command: Program and arguments, those of its ENTRYPOINT and then those of its CMD; empty without both.
        volumes: Folders that it declares as volumes.
    """

    tag: str
    identifier: str
    user: str
    architecture: str
    labels: Mapping[str, str]
    size_bytes: int
    command: tuple[str, ...] = ("true",)
    volumes: tuple[str, ...] = ()

    @property
    def api_method(self) -> str:
        """Generation of the platform's calls, as the label names it without quotes in lower case; exec without one."""
        values = (str(value) for name, value in self.labels.items() if name.lower().strip() == API_METHOD_LABEL)
        return next(values, "exec").lower().translate(_NO_QUOTES).strip()


def build_image(engine: Engine, container_dir: Path, *, tag: str, arguments: Mapping[str, str]) -> None:
    """Build a challenge's image from the Dockerfile beside its folder; the engine's output goes to stderr.

    Args:
        engine: Engine that builds the image.
        container_dir: Folder of the challenge; the build's context is two folders up.
        tag: Tag that the image gets.
        arguments: Build arguments beside CHALLENGE, by name.

    Raises:
        EngineError: There is no Dockerfile, or the build fails.
    """
    dockerfile = container_dir.parent / "Dockerfile"
    if not dockerfile.is_file():
        raise EngineError(
            f"A container is built from {dockerfile}, which does not exist. Is {container_dir} a folder under"
            " containers/, or should an image that exists be rehearsed with --image?"
        )
    command = [engine.command, "build", "-f", str(dockerfile), "-t", tag]
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        command += ["--platform", "linux/amd64"]
    for name, value in {"CHALLENGE": container_dir.name, **arguments}.items():
        command += ["--build-arg", f"{name}={value}"]
    done = subprocess.run([*command, str(container_dir.parent.parent)], stdout=2, check=False)
    if done.returncode != 0:
        raise EngineError(
            f"The image could not be built: {engine.command} build ended with status {done.returncode}, and its lines"
            " above say why. If the base image can't be had here, name one that can with --base-image, or rehearse"
            " without a container engine: --engine process."
        )


def inspect_image(engine: Engine, tag: str) -> Image:
    """Return the engine's description of an image.

    Raises:
        EngineError: There is no such image here.
    """
    try:
        known = json.loads(engine.ask("image", "inspect", tag))[0]
    except EngineError as error:
        raise EngineError(
            f"The image {tag} must be on this machine, but {engine.command} does not know it. Is the tag right? Leave"
            " out --image to build it."
        ) from error
    config = known.get("Config") or {}
    return Image(
        tag=tag,
        identifier=str(known["Id"]).removeprefix("sha256:"),
        user=str(config.get("User") or ""),
        architecture=str(known.get("Architecture", "")),
        labels=config.get("Labels") or {},
        size_bytes=int(known.get("Size", 0)),
        command=(*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())),
        volumes=tuple(config.get("Volumes") or ()),
    )


def python_of(engine: Engine, tag: str) -> str:
    """Return the name of an image's Python, 3.7 or newer; empty where there is none on its PATH."""
    answer = f"import sys; sys.exit({_ANSWER} if sys.version_info >= (3, 7) else 1)"
    for python in ("python3", "python"):
        options = ("--rm", "--pull=never", "--network=none", "--log-driver=none", f"--entrypoint={python}")
        if engine.status_of("run", *options, tag, "-I", "-S", "-c", answer) == _ANSWER:
            return python
    return ""
