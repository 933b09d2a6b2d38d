"""A challenge: its description and the two functions that are its method."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import SimpleITK as sitk
from pydantic import BaseModel

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.platform.case import Case
from hnseg.platform.spec import ChallengeSpec


class Method(Protocol):
    """The module `method.py` of a challenge's folder."""

    Settings: type[BaseModel]
    """What can be configured; a model folder's `method.json` holds the values it was trained with."""

    def prepare(self, case: Case, settings: Any) -> Channels:
        """Return the network's input channels on the reference grid."""

    def finish(self, label_map: sitk.Image, case: Case, settings: Any) -> sitk.Image:
        """Return the label map as it is to be submitted, on the same grid."""


@dataclass(frozen=True)
class Challenge:
    """What a challenge's folder holds."""

    spec: ChallengeSpec
    method: Method


def load_challenge(folder: Path) -> Challenge:
    """Return the challenge that a folder such as `containers/hnts_mrg` describes.

    The folder is imported as part of its parent package, so that the container, the command line and the training
    package all run the same code.

    Raises:
        InputError: The folder has no `spec.py` and `method.py`.
    """
    folder = folder.resolve()
    if not all((folder / name).is_file() for name in ("spec.py", "method.py")):
        raise InputError(
            f"A challenge's folder must hold spec.py and method.py, but {folder} does not."
            " Was the path to one of the folders under containers/ given?"
        )
    root = str(folder.parent.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    package = f"{folder.parent.name}.{folder.name}"
    spec = importlib.import_module(f"{package}.spec").SPEC
    method: Any = importlib.import_module(f"{package}.method")
    return Challenge(spec=spec, method=method)
