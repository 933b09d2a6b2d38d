"""Findings on what is uploaded: the container image and the weights, before any case runs."""

from __future__ import annotations

import re
from pathlib import Path

from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.judging.verdict import NO_COMMAND
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.running.image import API_METHOD_LABEL, Image
from hnseg.rehearsal.running.workplace import size_bytes

# After DIAGNijmegen/rse-sagemaker-shim at b20f0a7, models.py.
_USER = re.compile(r"([A-Za-z][A-Za-z0-9._-]*|[0-9]+)?(:([A-Za-z][A-Za-z0-9._-]*|[0-9]+))?")
_USER_RULE = "A name must begin with a letter and go on with letters, digits, '.', '_' and '-', or be a number."
_INVALID_USER = "Invalid argument for the containers USER instruction"

_UNVERIFIED_QUOTA_GB = 2  # comic/grand-challenge.org at 9957bfc, config/settings.py


def judge_upload(image: Image | None, model_dir: Path, profile: Profile) -> tuple[Finding, ...]:
    """Return the findings on an image, then those on the weights.

    Args:
        image: Image to upload; None for a plain process, which has nothing to upload and no findings.
        model_dir: Folder of the weights.
        profile: Limits of the platform.
    """
    if image is None:
        return ()
    return (*check_image(image, profile), *check_model(model_dir))


def check_image(image: Image, profile: Profile) -> list[Finding]:
    """Return the findings of the platform's checks of an uploaded image; empty for an image that it takes."""
    checks = (_user(image), _architecture(image), _api_method(image), _command(image), _size(image, profile))
    return [finding for finding in checks if finding is not None]


def check_model(model_dir: Path) -> list[Finding]:
    """Return a warning where the weights exceed an unverified account's quota; empty otherwise."""
    size_gb = size_bytes(model_dir) / 1e9
    if size_gb <= _UNVERIFIED_QUOTA_GB:
        return []
    return [
        warning(
            "model",
            f"The model holds {size_gb:.1f} GB; an account that is not verified may upload"
            f" {_UNVERIFIED_QUOTA_GB:g} GB in all.",
        )
    ]


def _user(image: Image) -> Finding | None:
    """Return the platform's refusal of a USER: of root at the upload, of an odd name when a case runs."""
    user = image.user.lower()
    if user in {"", "root", "0"} or user.startswith(("0:", "root:")):
        return failure(
            "image",
            "The container runs as root. Please add a user, group and USER instruction to your Dockerfile,"
            " rebuild, test and upload the container again, see"
            " https://docs.docker.com/develop/develop-images/dockerfile_best-practices/#user",
            f"The image's USER is {image.user!r}." if image.user else "The image's Dockerfile has no USER.",
        )
    if not _USER.fullmatch(image.user):
        return failure("run", _INVALID_USER, f"The image's USER is {image.user!r}. {_USER_RULE}")
    if re.fullmatch("0*(:.*)?", image.user):
        return warning("image", f"The image's USER {image.user!r} is root, which the platform's check of it overlooks.")
    return None


def _architecture(image: Image) -> Finding | None:
    if image.architecture == "amd64":
        return None
    return failure(
        "image",
        f"Architecture type {image.architecture!r} is not supported."
        " Please provide a container image built for 'amd64'.",
        "Build it with --platform linux/amd64.",
    )


def _api_method(image: Image) -> Finding | None:
    if image.api_method in {"exec", "invoke"}:
        return None
    return failure(
        "image",
        "",
        f"The label {API_METHOD_LABEL} must be exec or invoke, found {image.api_method!r}:"
        " the platform refuses the image.",
    )


def _command(image: Image) -> Finding | None:
    if image.command:
        return None
    return failure("run", NO_COMMAND, "The image's Dockerfile has neither ENTRYPOINT nor CMD, so no case can run.")


def _size(image: Image, profile: Profile) -> Finding | None:
    if image.size_bytes <= profile.image_limit_gb * 1e9:
        return None
    return warning(
        "image",
        f"The image holds {image.size_bytes / 1e9:.1f} GB uncompressed; the platform documents a limit of"
        f" {profile.image_limit_gb:g} GB. Weights belong into the model archive, not into the image.",
    )
