"""Description of a challenge as data: its sockets, its labels, its limits.

The words are the platform's: a socket has a slug, a relative path and a kind (grand-challenge.org documentation,
"flexible inputs and outputs").
"""

from __future__ import annotations

import sys
from datetime import date
from itertools import pairwise
from math import log
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from hnseg.imaging.modality import Modality, modality_of_suffix
from hnseg.records import Frozen


def _below_and_json(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or parts.suffix != ".json":
        raise ValueError(f"must be a relative path without .. that ends in .json, found {path!r}")
    return path


JsonPath = Annotated[str, AfterValidator(_below_and_json)]


class InputSocket(Frozen):
    """Socket of an image that the platform mounts."""

    slug: str
    relative_path: str
    """Folder under /input, beginning with images/."""
    title: str
    """Name of the image in sentences, such as "mid-RT T2w"."""
    labels: dict[int, str] | None = None
    """Names of the values that a label map may hold beside 0; None for an image of intensities."""
    required: bool = True
    """Whether a case without the image fails."""
    dispensable: bool = False
    """Whether an optional image that breaks what its socket promises is left out, and the method decides what then.

    A label map on another grid than it promises is resampled."""
    on_grid_of: str | None = None
    """Slug of the image whose grid this one promises to have; None when it has its own."""
    bids: tuple[str, ...] = ()
    """Words that stand between the underscores of its file's name in a BIDS-like folder, such as ("ses-midRT", "T2w");
    empty where such a folder can't have it."""

    @model_validator(mode="after")
    def _only_what_is_optional_can_be_left_out(self) -> InputSocket:
        if self.dispensable and self.required:
            raise ValueError(f"{self.slug} can only be dispensable if it is optional")
        return self

    @property
    def modality(self) -> Modality:
        """Modality, told by the last of the words in BIDS names; `unknown` without any."""
        return modality_of_suffix(self.bids[-1] if self.bids else "")


class ValueSocket(Frozen):
    """Socket of a JSON value that the platform mounts; always optional, and read leniently."""

    slug: str
    relative_path: JsonPath
    """File under /input."""
    title: str
    """Name of the value in sentences, such as "health record"."""
    bids: tuple[str, ...] = ()
    """Words that stand between the underscores of its file's name in a BIDS-like folder, such as ("ses-midRT", "T2w");
    empty where such a folder can't have it."""


class OutputSocket(Frozen):
    """Socket of the label map that the platform collects."""

    slug: str
    relative_path: str
    """Folder under /output, beginning with images/."""
    title: str
    labels: dict[int, str]
    """Names of the values that the label map may hold beside 0; empty for an image whose values nobody checks, such as
    one of 16 bits, which only a container of other origin may write."""
    on_grid_of: str
    """Slug of the input whose geometry it takes over to the last bit."""
    keeps_grid: bool = True
    """Whether it must have that geometry; only a container of other origin may do without."""


MapKind = Literal["entropy", "probability", "other"]
"""Kind of the values of a map.

`entropy` is the predictive entropy of the ensemble, in nats (natural logarithm); `probability`, 0 to 1, is that of the
label map's one structure. `other` is any image of a container of other origin, on any grid.
"""


class MapSocket(Frozen):
    """Socket of an image of numbers, one a voxel, that the platform collects beside the label map.

    It is float32, on the label map's grid, and 0 where the network saw nothing of the image.
    """

    slug: str
    relative_path: str
    """Folder under /output, beginning with images/."""
    title: str
    kind: MapKind = "entropy"


ImageOutput = OutputSocket | MapSocket
"""Socket of an image that the platform collects."""


class AnswerSocket(Frozen):
    """Socket of a JSON value that the platform collects beside the label map."""

    slug: str
    relative_path: JsonPath
    """File under /output."""
    title: str
    choices: tuple[str, ...] | None = None
    """Words of which the answer is one; None for a finite number."""
    is_any_json: bool = False
    """Whether any JSON value is taken, as of a container of other origin."""
    if_empty: str | float
    """Answer that is written beside an empty label map, where a failed case is to have an output."""

    @model_validator(mode="after")
    def _can_be_empty(self) -> AnswerSocket:
        if not self.takes(self.if_empty):
            raise ValueError(f"if_empty must be {self.in_words}, found {self.if_empty!r}")
        return self

    @property
    def in_words(self) -> str:
        """Accepted values in words, to follow "must be"."""
        if self.is_any_json:
            return "any value"
        return "a finite number" if self.choices is None else f"one of {', '.join(self.choices)}"

    def takes(self, value: object) -> bool:
        """Return whether a value is one of the choices or, without any, a finite number; any value of any JSON."""
        if self.is_any_json:
            return True
        if self.choices is not None:
            return value in self.choices
        return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


T4_VRAM_GIB = 14.5
"""Memory of a T4, which is sold with 16 GB: torch finds 14.56 GiB with drivers of 2025, 14.76 GiB with older ones."""


class Limits(Frozen):
    """Limits of one case on the platform, and the source in which they were read."""

    time_s: float = Field(gt=0)
    ram_gib: float = Field(gt=0)
    vram_gib: float = Field(gt=0)
    source: str
    read_on: date


class ChallengeSpec(Frozen):
    """Description of a challenge: everything that the core knows of it."""

    name: str
    """Name of the challenge's folder, such as hnts_mrg."""
    title: str
    inputs: tuple[InputSocket, ...]
    values: tuple[ValueSocket, ...] = ()
    output: OutputSocket
    maps: tuple[MapSocket, ...] = ()
    """Maps beside the label map, each on its grid."""
    answers: tuple[AnswerSocket, ...] = ()
    limits: Limits

    @model_validator(mode="after")
    def _names_are_unique(self) -> ChallengeSpec:
        _check_unique(*self.inputs, *self.values)
        _check_unique(*self.image_outputs, *self.answers)
        return self

    @model_validator(mode="after")
    def _no_image_is_listed_with_another(self) -> ChallengeSpec:
        paths = sorted(socket.relative_path for socket in self.image_outputs)
        for path, following in pairwise(paths):
            if following.startswith(path):  # the platform lists what begins with a socket's path
                raise ValueError(f"the path of an image must not begin with that of another, found {paths}")
        return self

    @model_validator(mode="after")
    def _bids_words_tell_sockets_apart(self) -> ChallengeSpec:
        words = [*(socket.bids for socket in self.inputs), *(socket.bids for socket in self.values)]
        wanted = [frozenset(of_socket) for of_socket in words if of_socket]
        if len(set(wanted)) != len(wanted):
            raise ValueError(f"the words of two sockets in BIDS names must differ, found {list(map(sorted, wanted))}")
        return self

    @model_validator(mode="after")
    def _a_probability_is_of_one_structure(self) -> ChallengeSpec:
        if self.has_map("probability") and len(self.output.labels) != 1:
            raise ValueError(f"a map of a probability needs exactly one label, found {self.output.labels}")
        return self

    @model_validator(mode="after")
    def _slugs_exist(self) -> ChallengeSpec:
        slugs = [socket.slug for socket in self.inputs]
        for wanted in [self.output.on_grid_of, *(s.on_grid_of for s in self.inputs if s.on_grid_of)]:
            if wanted not in slugs:
                raise ValueError(f"on_grid_of must name an input's slug, found {wanted!r}")
        if not self.input(self.output.on_grid_of).required:
            raise ValueError(f"the output's grid must be that of a required input, found {self.output.on_grid_of!r}")
        return self

    @property
    def foreign_outputs(self) -> tuple[str, ...]:
        """Slugs of the outputs that no method writes, but a container of other origin may."""
        output = [self.output.slug] if not (self.output.labels and self.output.keeps_grid) else []
        maps = [socket.slug for socket in self.maps if socket.kind == "other"]
        return (*output, *maps, *(socket.slug for socket in self.answers if socket.is_any_json))

    @property
    def image_outputs(self) -> tuple[ImageOutput, ...]:
        """Sockets of all images that are collected: of the label map, then of the maps."""
        return (self.output, *self.maps)

    @property
    def most_entropy(self) -> float:
        """Largest entropy of the label map's values, background counted in, in nats: where all are equally likely."""
        return log(1 + len(self.output.labels))

    @property
    def pet_on_output(self) -> InputSocket | None:
        """Socket of the only PET, where the output lies on the grid of a CT; None where it is otherwise."""
        pets = [socket for socket in self.inputs if socket.modality == "pet"]
        return pets[0] if len(pets) == 1 and self.input(self.output.on_grid_of).modality == "ct" else None

    def has_map(self, kind: MapKind) -> bool:
        """Return whether there is a map of a kind."""
        return any(socket.kind == kind for socket in self.maps)

    def input(self, slug: str) -> InputSocket:
        """Return the input socket of a slug."""
        return next(socket for socket in self.inputs if socket.slug == slug)


def _check_unique(*sockets: InputSocket | ValueSocket | ImageOutput | AnswerSocket) -> None:
    """Refuse two sockets of one direction with the same slug or the same place."""
    for what, names in (
        ("slugs", [socket.slug for socket in sockets]),
        ("paths", [socket.relative_path for socket in sockets]),
    ):
        if len(set(names)) != len(names):
            raise ValueError(f"{what} must be unique, found {names}")
