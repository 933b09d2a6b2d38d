"""Several models of one data set, whose probabilities are averaged: such as nnU-Net's 2d and 3d_fullres.

They are named one by one, or lie in one folder, which is what a container gets: a folder without `plans.json` and
`manifest.json`, each of whose subfolders with `plans.json` is a model, in the order of their names. That folder may
hold a `method.json` and a `postprocessing.json`, which are those of all models together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hnseg.errors import ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.bundle import Bundle, open_bundle, read_settings
from hnseg.inference.model.manifest import MANIFEST_FILE, METHOD_FILE, PLANS_FILE, POSTPROCESSING_FILE, Fold
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.postprocessing import NO_POSTPROCESSING, Postprocessing, read_postprocessing
from hnseg.inference.model.structure_range import StructureRange
from hnseg.options import CheckpointName


@dataclass(frozen=True)
class BundleGroup:
    """Several models with the same channels and labels, opened.

    Attributes:
        folder: Folder of all of them; that of the first where they were named one by one.
        sources: Folders that they were opened from.
        names: Name of each model, no two alike.
        bundles: Files of each model.
        settings: Settings of the challenge's method.
        postprocessing: Postprocessing of their label map; those of single models are left out.
        texts: Files of the folder that are no model's.
    """

    folder: Path
    sources: tuple[Path, ...]
    names: tuple[str, ...]
    bundles: tuple[Bundle, ...]
    settings: Mapping[str, Any]
    postprocessing: Postprocessing = NO_POSTPROCESSING
    texts: tuple[Path, ...] = ()

    @cached_property
    def sha256(self) -> Mapping[str, str]:
        """Checksum of every file that was read, by the model's name and its path there."""
        own = {path.name: sha256_of(path) for path in self.texts}
        named = zip(self.names, self.bundles, strict=True)
        return own | {f"{name}/{path}": value for name, bundle in named for path, value in bundle.sha256.items()}

    @property
    def dataset(self) -> Dataset:
        """Channels and labels that all of them were trained for."""
        return self.bundles[0].dataset

    @property
    def image_channels(self) -> tuple[str, ...]:
        """Names of the input channels that hold images, in order."""
        return self.bundles[0].image_channels

    @property
    def structures(self) -> Mapping[str, StructureRange]:
        """Ranges of the structures in the training data, by name; those of the first model that tells them."""
        return next((bundle.structures for bundle in self.bundles if bundle.structures), {})

    @property
    def checkpoint(self) -> CheckpointName:
        """Checkpoint of result folders that was asked for."""
        return self.bundles[0].checkpoint

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was made of the models."""
        notes = [f"Probabilities are the mean of {len(self.bundles)} models: {', '.join(self.names)}."]
        alone = [name for name, each in zip(self.names, self.bundles, strict=True) if each.postprocessing.keep_largest]
        if alone:
            notes.append(
                f"The postprocessing of {', '.join(alone)} alone was left out: it was not determined on the mean."
            )
        return tuple(notes)


Model = Bundle | BundleGroup
"""One model, or several whose probabilities are averaged."""


def holds_several(folder: Path) -> bool:
    """Return whether a folder is no model itself, and has subfolders that are."""
    if (folder / PLANS_FILE).is_file() or (folder / MANIFEST_FILE).is_file():
        return False
    return bool(_models_in(folder))


def first_model(folders: Sequence[Path]) -> Path:
    """Return the folder of the first model, of folders as `open_models` takes them."""
    return _models_in(folders[0])[0] if holds_several(folders[0]) else folders[0]


def open_models(
    folders: Sequence[Path],
    *,
    folds: Sequence[Fold] | None = None,
    folds_of_each: Sequence[Sequence[Fold]] = (),
    checkpoint: CheckpointName = "auto",
) -> Model:
    """Open a model folder, a folder of several, or several model folders.

    Args:
        folders: At least one folder; of several each is one model.
        folds: Folds to use of each model; every one that is there when left out.
        folds_of_each: Folds of each model, one after another; in place of `folds`.
        checkpoint: Checkpoint of result folders to use, as `hnseg.inference.model.bundle.open_bundle` takes it.

    Raises:
        ModelError: A folder can't be used, or the models don't fit one another.
    """
    holder = folders[0] if len(folders) == 1 and holds_several(folders[0]) else None
    models = _models_in(holder) if holder else list(folders)
    chosen: Sequence[Sequence[Fold] | None] = folds_of_each or [folds] * len(models)
    bundles = tuple(
        open_bundle(each, folds=of_it, checkpoint=checkpoint) for each, of_it in zip(models, chosen, strict=True)
    )
    if holder is None and len(bundles) == 1:
        return bundles[0]
    if holder is None:
        return group_of(bundles)
    has_settings = (holder / METHOD_FILE).is_file()
    return _held_in(holder, group_of(bundles, read_settings(holder) if has_settings else None))


def group_of(bundles: Sequence[Bundle], settings: Mapping[str, Any] | None = None) -> BundleGroup:
    """Return several opened models as one.

    Args:
        bundles: The models.
        settings: Settings of the method; left out, those that all of them must share.

    Raises:
        ModelError: Channels, labels or such settings differ, or one resamples its logits by splines of a higher order.
    """
    _check_fit(bundles)
    folders = tuple(bundle.folder for bundle in bundles)
    chosen = _shared_settings(bundles) if settings is None else settings
    return BundleGroup(folders[0], folders, _names(folders), tuple(bundles), chosen)


def _held_in(folder: Path, group: BundleGroup) -> BundleGroup:
    """Return the models of a folder, with what it holds for all of them together."""
    texts = tuple(path for name in (METHOD_FILE, POSTPROCESSING_FILE) if (path := folder / name).is_file())
    path = folder / POSTPROCESSING_FILE
    postprocessing = read_postprocessing(path, group.dataset) if path in texts else NO_POSTPROCESSING
    return replace(group, folder=folder, sources=(folder,), postprocessing=postprocessing, texts=texts)


def _models_in(folder: Path) -> list[Path]:
    return sorted(path.parent for path in folder.glob(f"*/{PLANS_FILE}") if not path.parent.name.startswith("."))


def _names(folders: Sequence[Path]) -> tuple[str, ...]:
    """Return the folders' names, with a number where there are equal ones."""
    names = [folder.absolute().name for folder in folders]
    count = Counter(names)
    return tuple(name if count[name] == 1 else f"{name}_{number}" for number, name in enumerate(names))


def _shared_settings(bundles: Sequence[Bundle]) -> Mapping[str, Any]:
    """Return the settings of the method, which all models must share.

    Raises:
        ModelError: They differ.
    """
    first = bundles[0]
    for bundle in bundles:
        if bundle.settings != first.settings:
            raise ModelError(
                f"Models whose probabilities are averaged must have the same {METHOD_FILE}, since the method prepares"
                f" the image once, but those of {bundle.folder} and {first.folder} differ. Were they trained on the"
                " same data?"
            )
    return first.settings


def _check_fit(bundles: Sequence[Bundle]) -> None:
    """Refuse models whose probabilities can't be averaged.

    Raises:
        ModelError: Channels or labels differ, or one resamples its logits by splines of a higher order.
    """
    for bundle in bundles:
        _check_alike(bundles[0], bundle)
        if not bundle.configuration.resampling_of_logits.is_gradual:
            raise ModelError(
                "Models whose probabilities are averaged must resample their logits linearly, as nnU-Net's plans have"
                f" it, but {bundle.folder} has splines of a higher order. Is there another configuration of it?"
            )


def _check_alike(first: Bundle, other: Bundle) -> None:
    """Refuse a model with other channels or labels than the first.

    Raises:
        ModelError: The sentence says which differ.
    """
    for kind, of in (("channels", _channels), ("labels", _labels)):
        if (expected := of(first.dataset)) != (found := of(other.dataset)):
            raise ModelError(
                f"Models whose probabilities are averaged must have the same {kind}, but {first.folder} has {expected}"
                f" and {other.folder} has {found}. Were they trained on the same data set?"
            )


def _channels(dataset: Dataset) -> str:
    return ", ".join(dataset.channels) + (f" (clicks as {dataset.prompts})" if dataset.prompts else "")


def _labels(dataset: Dataset) -> str:
    """Return what the outputs mean: the values they set, and the names and values of regions."""
    values = dataset.regions or dataset.output_values
    named = zip(dataset.output_names, values, dataset.output_values, strict=True)
    return ", ".join(f"{name} ({value})" + f" as {sets}" * (value != sets) for name, value, sets in named)
