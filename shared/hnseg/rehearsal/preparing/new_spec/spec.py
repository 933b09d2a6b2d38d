"""Description of a challenge made from one example, and what of it the example does not settle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from hnseg.errors import InputError
from hnseg.imaging.files.formats import images_in
from hnseg.platform.spec import (
    T4_VRAM_GIB,
    AnswerSocket,
    ChallengeSpec,
    InputSocket,
    Limits,
    MapSocket,
    OutputSocket,
    ValueSocket,
)
from hnseg.records import first_problem
from hnseg.rehearsal.preparing.new_spec.inputs import DescribedInput, InputKind
from hnseg.rehearsal.preparing.new_spec.outputs import ShownImage, ShownOutputs, show_image

PLATFORM_LIMITS = Limits(
    time_s=20 * 60,
    ram_gib=16,
    vram_gib=T4_VRAM_GIB,
    source="Defaults of the platform, a T4 with 16 GB, 20 minutes (DIAGNijmegen/rse-grand-challenge at 4e38c78).",
    read_on=date(2025, 12, 19),
)
"""Limits of a phase that sets none of its own."""


@dataclass(frozen=True)
class NewSpec:
    """Description made from an example.

    Attributes:
        spec: The description.
        doubts: Facts that the example does not settle, a sentence each.
    """

    spec: ChallengeSpec
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Placement:
    """Input whose grid the output has, and whether it has it; None where that can't be seen."""

    slug: str
    has_its_grid: bool | None


def spec_of(name: str, inputs: Sequence[DescribedInput], outputs: ShownOutputs, input_dir: Path) -> NewSpec:
    """Return the description of a challenge as its example shows it.

    Args:
        name: Name of the challenge's folder.
        inputs: Sockets that its platform describes, with an image among them.
        outputs: Outputs of the example.
        input_dir: Folder of the example's inputs, in which images may be missing.

    Raises:
        InputError: Two sockets have one slug or one place, or a path is not as the platform has it.
    """
    shown = _shown_inputs(inputs, input_dir)
    main = next((image for image in outputs.images if image.values is not None), outputs.images[0])
    placement = _placement(main, shown)
    try:
        spec = ChallengeSpec(
            name=re.sub(r"\W+", "_", name) or "challenge",
            title=name,
            inputs=tuple(_input(socket, shown) for socket in _of_kind(InputKind.IMAGE, inputs)),
            values=tuple(map(_value, _of_kind(InputKind.JSON, inputs))),
            output=_output(main, placement),
            maps=tuple(_map(image) for image in outputs.images if image is not main),
            answers=(*map(_number, outputs.numbers), *map(_any_json, outputs.values)),
            limits=PLATFORM_LIMITS,
        )
    except ValidationError as error:
        raise InputError(
            f"The example must describe a challenge, but {first_problem(error)}. Was something else than one case's"
            " inputs.json and output given?"
        ) from error
    return NewSpec(spec, tuple(_doubts(spec, main, placement, inputs, outputs)))


def _of_kind(kind: InputKind, inputs: Sequence[DescribedInput]) -> list[DescribedInput]:
    return [socket for socket in inputs if socket.kind is kind]


def _shown_inputs(inputs: Sequence[DescribedInput], input_dir: Path) -> dict[str, ShownImage | None]:
    """Return what each image of the example shows, by its slug; None for one that is not there."""
    found = {
        socket.slug: next(iter(images_in(input_dir / socket.relative_path)), None)
        for socket in _of_kind(InputKind.IMAGE, inputs)
    }
    return {slug: None if path is None else show_image(input_dir, path) for slug, path in found.items()}


def _placement(main: ShownImage, shown: Mapping[str, ShownImage | None]) -> _Placement:
    """Return the first input with the output's grid, one of intensities before a label map; else the first of all."""
    intensities_first = sorted(shown, key=lambda slug: _is_label_map(shown[slug]))
    grids = {slug: image.grid for slug in intensities_first if (image := shown[slug]) is not None and image.grid}
    same = [slug for slug, grid in grids.items() if main.grid is not None and grid == main.grid]
    if same:
        return _Placement(same[0], has_its_grid=True)
    can_be_seen = main.grid is not None and len(grids) == len(shown)
    return _Placement(intensities_first[0], has_its_grid=False if can_be_seen else None)


def _is_label_map(image: ShownImage | None) -> bool:
    return image is not None and image.values is not None


def _input(socket: DescribedInput, shown: Mapping[str, ShownImage | None]) -> InputSocket:
    image = shown[socket.slug]
    values = image.values if image is not None and image.values is not None else ()
    labels = dict(socket.labels) or _named(values) or None
    return InputSocket(slug=socket.slug, relative_path=socket.relative_path, title=socket.title, labels=labels)


def _value(socket: DescribedInput) -> ValueSocket:
    return ValueSocket(slug=socket.slug, relative_path=socket.relative_path, title=socket.title)


def _output(main: ShownImage, placement: _Placement) -> OutputSocket:
    slug = _slug(main.relative_path)
    return OutputSocket(
        slug=slug,
        relative_path=main.relative_path,
        title=slug.replace("-", " "),
        labels={} if main.values is None else _named(range(1, max(main.values, default=1) + 1)),
        on_grid_of=placement.slug,
        keeps_grid=placement.has_its_grid is not False,
    )


def _map(image: ShownImage) -> MapSocket:
    slug = _slug(image.relative_path)
    return MapSocket(slug=slug, relative_path=image.relative_path, title=slug.replace("-", " "), kind="other")


def _number(path: str) -> AnswerSocket:
    slug = _slug(path)
    return AnswerSocket(slug=slug, relative_path=path, title=slug.replace("-", " "), if_empty=0.0)


def _any_json(path: str) -> AnswerSocket:
    slug = _slug(path)
    return AnswerSocket(slug=slug, relative_path=path, title=slug.replace("-", " "), is_any_json=True, if_empty="")


def _named(values: Sequence[int]) -> dict[int, str]:
    return {value: f"label {value}" for value in values}


def _slug(path: str) -> str:
    """Return a slug from a socket's path: its words without the folder images and the suffix, joined by hyphens."""
    parts = PurePosixPath(path).with_suffix("").parts if path.endswith(".json") else PurePosixPath(path).parts[1:]
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-") or "output"


def _doubts(
    spec: ChallengeSpec,
    main: ShownImage,
    placement: _Placement,
    inputs: Sequence[DescribedInput],
    outputs: ShownOutputs,
) -> Iterator[str]:
    """Yield what the example does not settle."""
    yield "Limits: those of the platform's defaults stand here; the challenge's page has its own."
    yield from _doubts_of_values(spec, main)
    yield from _doubts_of_grid(placement)
    if spec.maps:
        folders = _listed([socket.relative_path for socket in spec.maps])
        yield f"Further images ({folders}): any voxels on any grid pass."
    if outputs.values:
        yield (
            f"JSON that is no number ({_listed(outputs.values)}): any value passes. Where only some words are taken,"
            ' write choices=("T1", "T2") and one of them as if_empty in place of is_any_json=True.'
        )
    files = [socket.relative_path for socket in _of_kind(InputKind.FILE, inputs)]
    if files:
        yield f"Inputs of other kinds ({_listed(files)}) are not described: a case's own are passed on as they are."
    if outputs.others:
        yield f"Outputs of other kinds ({_listed(outputs.others)}) are not described: they are not asked for."


def _doubts_of_values(spec: ChallengeSpec, main: ShownImage) -> Iterator[str]:
    if main.values is None:
        yield (
            "Values of the output: the example is no label map of 8 bits, so none are asked for. If it is one of a"
            " Segmentation socket, write the labels, and rehearse an output of 8 bits."
        )
        return
    found = _listed([str(value) for value in main.values]) or "none"
    yield (
        f"Values of the label map: the example holds {found} beside 0, and whatever lies between them is taken for a"
        f" label too: 1 to {max(spec.output.labels)}. Write those of the challenge, with their names."
    )


def _doubts_of_grid(placement: _Placement) -> Iterator[str]:
    if placement.has_its_grid is None:
        yield (
            f"Grid of the output: the example does not show whose it is; that of {placement.slug} is asked for. If it"
            " has one of its own, write keeps_grid=False."
        )
    if placement.has_its_grid is False:
        yield "Grid of the output: it is that of no input of the example, so any grid passes (keeps_grid=False)."


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts)
