"""Challenge: its description, in one edition or several, and the functions that are its method."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import SimpleITK as sitk
from pydantic import BaseModel, ValidationError

from hnseg.errors import InputError, ModelError
from hnseg.imaging.channels import Channels
from hnseg.options import EDITION
from hnseg.platform.answers import Answers
from hnseg.platform.case import Case
from hnseg.platform.inspection import Inspection
from hnseg.platform.spec import ChallengeSpec
from hnseg.records import first_problem


class Method(Protocol):
    """Module `method.py` of a challenge's folder."""

    Settings: type[BaseModel]
    """Settings of the method; a model folder's `method.json` holds the values that its networks were trained with."""

    def prepare(self, case: Case, settings: Any) -> Channels:
        """Return the network's input channels on the reference grid."""

    def finish(self, label_map: sitk.Image, case: Case, settings: Any) -> sitk.Image:
        """Return the label map as it is to be submitted, on the same grid as the given one."""


class InspectingMethod(Method, Protocol):
    """Module `method.py` of a challenge that inspects its label maps."""

    def inspect(self, label_map: sitk.Image, case: Case, settings: Any) -> Inspection:
        """Return what is odd about a predicted label map, before `finish`."""


class ThresholdingMethod(Method, Protocol):
    """Module `method.py` of a challenge with a map of the probability, over a threshold of which its label map lies."""

    def threshold(self, settings: Any) -> float:
        """Return the probability, over 0 and under 1, over which a voxel is labelled; 0.5 is the networks' own rule."""


class CountingMethod(Method, Protocol):
    """Module `method.py` of a challenge that knows the number of its channels before a case is read."""

    def channel_count(self, settings: Any) -> int:
        """Return the number of channels that `prepare` returns, without those of clicks."""


class AnsweringMethod(Method, Protocol):
    """Module `method.py` of a challenge whose spec has answers."""

    def answer(self, label_map: sitk.Image, case: Case, settings: Any) -> Answers:
        """Return the answers that go with the label map that `finish` returned; called only if the spec has answers."""


@dataclass(frozen=True)
class Challenge:
    """Description and method of a challenge, as its folder holds them.

    Attributes:
        spec: Description of the sockets, the labels and the limits, in the chosen edition.
        method: Module with `Settings`, `prepare`, `finish` and, if the spec has answers, `answer`; with `inspect` where
            it inspects label maps, with `threshold` where it has another than one half, with `channel_count` where the
            settings alone say how many channels it gives.

    Raises:
        InputError: The spec has answers and the method no function that gives them, or outputs that no method writes.
    """

    spec: ChallengeSpec
    method: Method | InspectingMethod | ThresholdingMethod | CountingMethod | AnsweringMethod

    def __post_init__(self) -> None:
        if self.spec.answers and not hasattr(self.method, "answer"):
            raise InputError(
                f"The method of {self.spec.title} must have a function answer, because its spec.py has answers"
                f" ({', '.join(socket.slug for socket in self.spec.answers)}), but method.py defines none."
            )
        if self.spec.foreign_outputs:
            raise InputError(
                f"The outputs of {self.spec.title} must be a label map on its input's grid, maps of known values and"
                f" answers, but its spec.py describes others ({', '.join(self.spec.foreign_outputs)}). Only an image"
                " that exists can write them: rehearse it with --image."
            )


def choose_edition(spec: ChallengeSpec, editions: Mapping[str, ChallengeSpec], name: str | None) -> ChallengeSpec:
    """Return the edition of a challenge that was asked for.

    Args:
        spec: Edition that is taken where no name is given.
        editions: Editions by name; empty for a challenge that has only the one.
        name: Name of an edition; None or "" for the default.

    Raises:
        InputError: There is no such edition.
    """
    if not name:
        return spec
    if name not in editions:
        known = f"one of {', '.join(editions)}" if editions else "left out, since there is only one"
        raise InputError(
            f"The edition of {spec.name} must be {known}, but {name!r} was asked for. Is it misspelt, or is"
            f" {EDITION.variable} set for another challenge?"
        )
    return editions[name]


def load_challenge(challenge: str | Path, edition: str | None = None) -> Challenge:
    """Return a challenge by its name, or the one that a folder such as `containers/hnts_mrg` describes.

    The folder is imported as part of its parent package, so that the container, the command line and the training
    package all run the same code.

    Args:
        challenge: Name of one of the challenges that are installed, such as "hnts_mrg"; or, as a `Path`, a folder with
            `spec.py`, which has `SPEC` and perhaps `EDITIONS`, and `method.py`.
        edition: Name of one of `EDITIONS`; None takes `SPEC`.

    Raises:
        InputError: There is no such challenge or edition, or the folder has no `spec.py` and `method.py`.

    >>> load_challenge("hnts_mrg").spec.output.labels
    {1: 'GTVp', 2: 'GTVn'}
    """
    folder = (_installed(challenge) if isinstance(challenge, str) else challenge).resolve()
    if not all((folder / name).is_file() for name in ("spec.py", "method.py")):
        raise InputError(
            f"A challenge's folder must hold spec.py and method.py, but {folder} does not."
            " Was the path to one of the folders under containers/ given? With spec.py alone, an image that exists is"
            " rehearsed: name it with --image."
        )
    package = _package_of(folder)
    described = importlib.import_module(f"{package}.spec")
    method: Any = importlib.import_module(f"{package}.method")
    spec = choose_edition(described.SPEC, getattr(described, "EDITIONS", {}), edition)
    return Challenge(spec=spec, method=method)


def _package_of(folder: Path) -> str:
    """Return the dotted name of a challenge's folder, which can be imported by it from now on."""
    root = str(folder.parent.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    return f"{folder.parent.name}.{folder.name}"


def settings_in(method: Method, values: Any, path: Path) -> BaseModel:
    """Return the settings of a method that a file of a model folder holds.

    Args:
        method: Method of the challenge.
        values: Content of the file; empty for the defaults.
        path: The file, for the sentence.

    Raises:
        ModelError: The method does not have such settings.
    """
    try:
        return method.Settings.model_validate(values)
    except ValidationError as error:
        raise ModelError(
            f"{path} must hold the settings of this challenge's method, but {first_problem(error, method.Settings)}."
            " Was the model made for another challenge?"
        ) from error


def installed_challenges() -> dict[str, Path]:
    """Return the folder of each installed challenge by its name, sorted by name.

    >>> "hecktor" in installed_challenges()
    True
    """
    package = importlib.util.find_spec("containers")
    roots = package.submodule_search_locations if package and package.submodule_search_locations else []
    return dict(sorted((path.parent.name, path.parent) for root in roots for path in Path(root).glob("*/spec.py")))


def _installed(name: str) -> Path:
    """Return the folder of an installed challenge."""
    folders = installed_challenges()
    if name not in folders:
        raise InputError(
            f"The challenge must be one of {', '.join(folders)}, but {name!r} was asked for. Is it misspelt, or is it"
            " the path of a folder, to be given as a pathlib.Path?"
        )
    return folders[name]
