"""A challenge: its description, in one edition or several, and the functions that are its method."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import SimpleITK as sitk
from pydantic import BaseModel

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case
from hnseg.platform.spec import ChallengeSpec

EDITION = "HNSEG_EDITION"
"""The environment variable that chooses one of a challenge's editions."""


class Method(Protocol):
    """The module `method.py` of a challenge's folder."""

    Settings: type[BaseModel]
    """What can be configured; a model folder's `method.json` holds the values it was trained with."""

    def prepare(self, case: Case, settings: Any) -> Channels:
        """Return the network's input channels on the reference grid."""

    def finish(self, label_map: sitk.Image, case: Case, settings: Any) -> sitk.Image:
        """Return the label map as it is to be submitted, on the same grid."""


class AnsweringMethod(Method, Protocol):
    """The module `method.py` of a challenge whose spec has answers."""

    def answer(self, label_map: sitk.Image, case: Case, settings: Any) -> Answers:
        """Return what stands beside the label map that `finish` returned; called where the spec has answers only."""


@dataclass(frozen=True)
class Challenge:
    """What a challenge's folder holds.

    Raises:
        InputError: The spec has answers and the method no function that gives them.
    """

    spec: ChallengeSpec
    method: Method | AnsweringMethod

    def __post_init__(self) -> None:
        if self.spec.answers and not hasattr(self.method, "answer"):
            raise InputError(
                f"The method of {self.spec.title} must have a function answer, because its spec.py has answers"
                f" ({', '.join(socket.slug for socket in self.spec.answers)}), but method.py defines none."
            )


def choose_edition(spec: ChallengeSpec, editions: Mapping[str, ChallengeSpec], name: str | None) -> ChallengeSpec:
    """Return the edition of a challenge that was asked for.

    Args:
        spec: The one for whom names none.
        editions: Every edition by name; empty for a challenge that has only the one.
        name: The name; None or an empty one asks for none.

    Raises:
        InputError: There is no such edition.
    """
    if not name:
        return spec
    if name not in editions:
        known = f"one of {', '.join(editions)}" if editions else "left out, since there is only one"
        raise InputError(
            f"The edition of {spec.name} must be {known}, but {name!r} was asked for. Is it misspelt, or is {EDITION}"
            " set for another challenge?"
        )
    return editions[name]


def load_challenge(folder: Path, edition: str | None = None) -> Challenge:
    """Return the challenge that a folder such as `containers/hnts_mrg` describes.

    The folder is imported as part of its parent package, so that the container, the command line and the training
    package all run the same code.

    Args:
        folder: Holds `spec.py`, with `SPEC` and perhaps `EDITIONS`, and `method.py`.
        edition: One of `EDITIONS`; None takes `SPEC`.

    Raises:
        InputError: The folder has no `spec.py` and `method.py`, or there is no such edition.
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
    described = importlib.import_module(f"{package}.spec")
    method: Any = importlib.import_module(f"{package}.method")
    spec = choose_edition(described.SPEC, getattr(described, "EDITIONS", {}), edition)
    return Challenge(spec=spec, method=method)
