"""The container image: built from the challenge's folder, and looked at as the platform does on upload."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import EngineError
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.engine import Engine

API_METHOD_LABEL = "org.grand-challenge.api-method"


@dataclass(frozen=True)
class Image:
    """What the engine knows of an image.

    Attributes:
        tag: As it was asked for.
        identifier: Its sha256.
        user: As in the Dockerfile's USER; empty without one.
        architecture: Such as amd64.
        labels: All of them.
        size_bytes: Of its layers, uncompressed.
    """

    tag: str
    identifier: str
    user: str
    architecture: str
    labels: Mapping[str, str]
    size_bytes: int

    @property
    def api_method(self) -> str:
        """How the platform calls it: what its label says, in lower case and without quotes; exec without a label."""
        named = {name.lower(): value for name, value in self.labels.items()}
        return named.get(API_METHOD_LABEL, "exec").strip("\"' ").lower()


def build_image(engine: Engine, container_dir: Path, *, tag: str, arguments: Mapping[str, str]) -> None:
    """Build a challenge's image from the Dockerfile beside its folder; the engine's output goes to stderr.

    Args:
        engine: Builds it.
        container_dir: The challenge's folder; the context is two folders up.
        tag: The image's name.
        arguments: Build arguments beside CHALLENGE.

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


def look_at_image(engine: Engine, tag: str) -> Image:
    """Return what the engine knows of an image.

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
    )


def check_image(image: Image, profile: Profile) -> list[Finding]:
    """Return what the platform would say of an image when it is uploaded."""
    findings = []
    user = image.user.lower()
    if user in {"", "root", "0"} or user.startswith(("0:", "root:")):
        findings.append(
            failure(
                "image",
                "The container runs as root. Please add a user, group and USER instruction to your Dockerfile,"
                " rebuild, test and upload the container again",
                f"The image's USER is {image.user!r}." if image.user else "The image's Dockerfile has no USER.",
            )
        )
    if image.architecture != "amd64":
        findings.append(
            failure(
                "image",
                f"Architecture type {image.architecture!r} is not supported."
                " Please provide a container image built for 'amd64'.",
                "Build it with --platform linux/amd64.",
            )
        )
    if image.api_method not in {"exec", "invoke"}:
        findings.append(
            failure(
                "image",
                "",
                f"The label {API_METHOD_LABEL} must be exec or invoke, found {image.api_method!r}:"
                " the platform refuses the image.",
            )
        )
    if image.size_bytes > profile.image_limit_gb * 1e9:
        findings.append(
            warning(
                "image",
                f"The image holds {image.size_bytes / 1e9:.1f} GB uncompressed; the platform documents a limit of"
                f" {profile.image_limit_gb:g} GB. Weights belong into the model archive, not into the image.",
            )
        )
    return findings
