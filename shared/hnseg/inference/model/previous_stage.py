"""First stage of a cascade: the model folder that holds it, and what it shares with the second.

| second stage | first stage |
|---|---|
| exported bundle | the bundle `previous/` in it, whose manifest the other manifest lists |
| nnU-Net's result folder | `previous/` in it, a result folder or a bundle; else nnU-Net's own folder beside it |
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from hnseg.errors import ModelError
from hnseg.inference.model.manifest import DATASET_FILE, PREVIOUS_FOLDER
from hnseg.inference.model.nnunet_plans import Configuration, Dataset


class Stage(NamedTuple):
    """Stage of a cascade: its model folder, configuration and dataset."""

    folder: Path
    configuration: Configuration
    dataset: Dataset


def find_previous(folder: Path, configuration: Configuration, *, is_exported: bool) -> Path:
    """Return the model folder of a cascade's first stage.

    Args:
        folder: Model folder of the second stage.
        configuration: Its configuration.
        is_exported: Whether that is an exported bundle, which holds all that it needs.

    Raises:
        ModelError: There is none.
    """
    inside, beside = folder / PREVIOUS_FOLDER, folder_beside(folder, configuration)
    if inside.is_dir():
        return inside
    if beside is not None and beside.is_dir() and not is_exported:
        return beside
    sought = str(inside) if beside is None or is_exported else f"{inside} and {beside}"
    cure = "Export the cascade again" if is_exported else f"Copy or link the result folder of that model to {inside}"
    raise ModelError(
        f"{configuration.name} in {folder} is the second stage of a cascade and must have the model of the first,"
        f" {configuration.previous_stage}, but there is none at {sought}. {cure}, or use a 3d_fullres model."
    )


def folder_beside(folder: Path, configuration: Configuration) -> Path | None:
    """Return where nnU-Net trains the first stage, beside a folder of the second; None where that has another name."""
    path = folder.resolve()
    stem = path.name.removesuffix(f"__{configuration.name}")
    return None if stem == path.name else path.with_name(f"{stem}__{configuration.previous_stage}")


def check_stages(second: Stage, first: Stage) -> None:
    """Refuse two models that are no cascade together.

    Raises:
        ModelError: The first is another configuration than the second was trained after, or is itself a second stage;
            it has other channels or labels; or the second has channels for clicks.
    """
    wanted, found = second.configuration.previous_stage, first.configuration
    if found.name != wanted or found.previous_stage:
        raise ModelError(
            f"The first stage of the cascade in {second.folder} must be a {wanted} model that needs nothing but the"
            f" image, but {first.folder} holds {found.name}. Was the wrong result folder put there?"
        )
    for what in ("labels", "channels"):
        ours, theirs = getattr(second.dataset, what), getattr(first.dataset, what)
        if ours != theirs:
            raise ModelError(
                f"Both stages of a cascade must have the same {what}, but {DATASET_FILE} has {_in_words(ours)} in"
                f" {second.folder} and {_in_words(theirs)} in {first.folder}. Are they of different data sets?"
            )
    if second.dataset.prompts:
        raise ModelError(
            f"A cascade must have no channels for clicks, but {second.folder / DATASET_FILE} has them."
            " Was the file edited by hand?"
        )


def _in_words(names: Mapping[str, object] | tuple[str, ...]) -> str:
    return (
        ", ".join(f"{name} {value}" for name, value in names.items())
        if isinstance(names, Mapping)
        else ", ".join(names)
    )
