"""Bundle of a trained ensemble in one folder: nnU-Net's result folder, or one that `hnseg-train export` writes.

| file | nnU-Net's result folder | exported bundle |
|---|---|---|
| `plans.json`, `dataset.json` | as nnU-Net wrote them | the same |
| weights | `fold_<k>/checkpoint_final.pth`, `_best` or `_latest` | `fold_<k>.safetensors` or `fold_<k>.onnx` |
| `network.xml`, `network.bin` | none | may be there: see `hnseg.inference.backends.openvino_graph` |
| `manifest.json` | none | see `hnseg.inference.model.manifest`; its checksums are verified |
| `method.json` | may be put there | settings of the challenge's method |
| `previous/` | of a cascade: see `hnseg.inference.model.previous_stage` | the same |
| `postprocessing.json` | may be put there | see `hnseg.inference.model.postprocessing` |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from hnseg.errors import ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.checkpoints.trained_folds import choose_folds, find_trained_folds
from hnseg.inference.model.graph.check import check_graph, external_file
from hnseg.inference.model.graph.record import Graphs
from hnseg.inference.model.manifest import (
    DATASET_FILE,
    MANIFEST_FILE,
    METHOD_FILE,
    PLANS_FILE,
    POSTPROCESSING_FILE,
    PREVIOUS_FOLDER,
    Fold,
    Manifest,
)
from hnseg.inference.model.nnunet_plans import (
    Configuration,
    Dataset,
    Plans,
    configuration_of,
    read_dataset,
    read_json,
    read_plans,
)
from hnseg.inference.model.postprocessing import NO_POSTPROCESSING, Postprocessing, read_postprocessing
from hnseg.inference.model.previous_stage import Stage, check_stages, find_previous
from hnseg.inference.model.structure_range import StructureRange
from hnseg.inference.model.weights import StateDict, read_checkpoint, read_weights
from hnseg.options import CheckpointName
from hnseg.records import first_problem


@dataclass(frozen=True)
class Bundle:
    """Files of a trained ensemble, checked; its weights are mapped, not read.

    Attributes:
        folder: Folder that holds the files.
        plans: Plans shared by all configurations.
        configuration: Configuration that it was trained in.
        dataset: Channels and labels that it was trained for.
        folds: Folds to use, in order.
        state_dicts: Weights of each of them; empty where the networks are graphs.
        mirroring_axes: Axes of the patch that may be flipped at test time; empty for none.
        settings: Content of `method.json`; empty where there is none.
        texts: Files it was read from, other than weights.
        weights_files: File of each fold's weights, or graph.
        manifest: Manifest of an exported bundle; None for nnU-Net's own folder.
        checkpoint: Checkpoint that was asked for.
        trainer: Name of the class that trained it; empty where the files name none.
        notes: Sentences on what a user of the model should know, such as a fold without its final checkpoint.
        previous: Bundle of the first stage, where this is the second of a cascade; else None.
        postprocessing: Postprocessing of its label maps.
    """

    folder: Path
    plans: Plans
    configuration: Configuration
    dataset: Dataset
    folds: tuple[Fold, ...]
    state_dicts: tuple[StateDict, ...]
    mirroring_axes: tuple[int, ...]
    settings: Mapping[str, Any]
    texts: tuple[Path, ...]
    weights_files: tuple[Path, ...]
    manifest: Manifest | None = None
    checkpoint: CheckpointName = "auto"
    trainer: str = ""
    notes: tuple[str, ...] = ()
    previous: Bundle | None = None
    postprocessing: Postprocessing = NO_POSTPROCESSING

    def __post_init__(self) -> None:
        """Check that plans, dataset and weights fit one another.

        Raises:
            ModelError: The plans don't fit the channels, or the weights the plans.
        """
        schemes, axes = len(self.configuration.normalization_schemes), len(self.configuration.patch_size)
        if schemes != len(self.channels) or len(self.configuration.use_mask_for_norm) != schemes:
            raise ModelError(
                f"{self.folder / PLANS_FILE} must normalise each of the {len(self.channels)} channels of {DATASET_FILE}"
                f" ({', '.join(self.channels)}), but names {schemes} normalisations. Do both files belong together?"
            )
        mirrored = self.mirroring_axes
        if any(not 0 <= axis < axes for axis in mirrored) or len(set(mirrored)) != len(mirrored):
            raise ModelError(
                f"The mirroring axes of the model in {self.folder} must be different axes of its {axes}-D patch, but"
                f" are {self.mirroring_axes}. Do the weights belong to another configuration?"
            )
        self._check_calibration()

    def _check_calibration(self) -> None:
        calibration = self.manifest and self.manifest.calibration
        classes = () if self.dataset.has_regions else self.dataset.output_names
        if calibration and sorted(calibration.temperatures) != sorted(classes):
            raise ModelError(
                f"The calibration in {self.folder / MANIFEST_FILE} must have a temperature for every class of"
                f" {DATASET_FILE} ({', '.join(classes) or 'none, since it has regions'}), but has those of"
                f" {', '.join(calibration.temperatures)}. Is it that of another model?"
            )

    @property
    def bundles(self) -> tuple[Bundle, ...]:
        """Bundles of which it is one or all: itself."""
        return (self,)

    @property
    def sources(self) -> tuple[Path, ...]:
        """Folders that it was opened from: the one."""
        return (self.folder,)

    @cached_property
    def sha256(self) -> Mapping[str, str]:
        """Checksum of every file it was read from, by its path in the folder; a first stage's is in `previous/`."""
        files = (*self.texts, *self.weights_files)
        previous = self.previous.sha256 if self.previous else {}
        of_previous = {f"{PREVIOUS_FOLDER}/{name}": checksum for name, checksum in previous.items()}
        if self.manifest is not None:
            listed, names = self.manifest.sha256, [path.name for path in files]
            own = {name: listed[name] for name in (*names, *map(external_file, names)) if name in listed}
            return own | of_previous
        return {path.relative_to(self.folder).as_posix(): sha256_of(path) for path in files} | of_previous

    def further_file(self, name: str) -> Path | None:
        """Return a file that an exported bundle may hold beside its weights; None where its manifest lists none.

        Raises:
            ModelError: It is listed, but missing or changed.
        """
        if self.manifest is None or name not in self.manifest.sha256:
            return None
        _verify(self.folder / name, self.manifest)
        return self.folder / name

    @property
    def graphs(self) -> Graphs | None:
        """Record of the folds' graphs; None where the plans describe the network."""
        return self.manifest.architecture if self.manifest else None

    @property
    def structures(self) -> Mapping[str, StructureRange]:
        """Ranges of the structures in the training data, by name; empty where the model doesn't tell them."""
        return self.manifest.structures if self.manifest else {}

    @property
    def temperatures(self) -> tuple[float, ...] | None:
        """Temperature of each class, in the order of the outputs; None where the model was not calibrated."""
        if self.manifest is None or self.manifest.calibration is None:
            return None
        return tuple(self.manifest.calibration.temperatures[name] for name in self.dataset.output_names)

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the input channels, in order."""
        return self.dataset.channels

    @property
    def network_channels(self) -> int:
        """Number of the network's input channels: those of the image and clicks, and a cascade's labels after them."""
        return len(self.channels) + len(self.previous_labels)

    @property
    def previous_labels(self) -> tuple[int, ...]:
        """Labels of a cascade's first stage that the network gets a channel of each, in order; else none."""
        return self.dataset.foreground_values if self.configuration.previous_stage else ()

    @property
    def image_channels(self) -> tuple[str, ...]:
        """Names of the input channels that hold images, in order; those of clicks come after them."""
        return self.dataset.image_channels


def open_bundle(folder: Path, *, folds: Sequence[Fold] | None = None, checkpoint: CheckpointName = "auto") -> Bundle:
    """Open a model folder, and with the second stage of a cascade that of the first.

    Args:
        folder: Result folder of nnU-Net, or an exported bundle.
        folds: Folds to use; every one that is there when left out (`all` only where there is no other), as always of
            the first stage of a cascade.
        checkpoint: Checkpoint of nnU-Net to use of every fold; `auto` is the final one, or the best of a fold that has
            no final one, which is noted. An exported bundle has only what was exported, so `auto` alone is for it.

    Raises:
        ModelError: A file is missing, damaged or changed, or the model needs something that this predictor can't do.
    """
    bundle = _open_alone(folder, folds, checkpoint)
    if bundle.configuration.previous_stage is None:
        return bundle
    where = find_previous(folder, bundle.configuration, is_exported=bundle.manifest is not None)
    if bundle.manifest is not None:
        _verify(where / MANIFEST_FILE, bundle.manifest, f"{PREVIOUS_FOLDER}/{MANIFEST_FILE}")
    is_exported = (where / MANIFEST_FILE).is_file()
    previous = _open_alone(where, None, "auto" if is_exported else checkpoint)
    check_stages(
        Stage(folder, bundle.configuration, bundle.dataset), Stage(where, previous.configuration, previous.dataset)
    )
    return replace(bundle, previous=previous)


def _open_alone(folder: Path, folds: Sequence[Fold] | None, checkpoint: CheckpointName) -> Bundle:
    """Open a model folder as if it were no second stage of a cascade."""
    if not folder.is_dir():
        raise ModelError(f"A model must be a folder, but {folder} is none. Is the model mounted or unpacked there?")
    if (folder / MANIFEST_FILE).is_file():
        _check_exported(folder, checkpoint)
        return _open_exported(folder, folds)
    return _open_results(folder, folds, checkpoint)


def _open_results(folder: Path, folds: Sequence[Fold] | None, checkpoint: CheckpointName) -> Bundle:
    plans, dataset = read_plans(folder), read_dataset(folder)
    trained = find_trained_folds(folder, folds, checkpoint)
    checkpoints = [read_checkpoint(path) for path in trained.files.values()]
    return Bundle(
        folder=folder,
        plans=plans,
        configuration=configuration_of(plans, checkpoints[0].configuration, folder / PLANS_FILE),
        dataset=dataset,
        folds=tuple(trained.files),
        state_dicts=tuple(each.state_dict for each in checkpoints),
        mirroring_axes=checkpoints[0].mirroring_axes,
        settings=read_settings(folder),
        texts=_texts(folder),
        weights_files=tuple(trained.files.values()),
        checkpoint=checkpoint,
        trainer=checkpoints[0].trainer,
        notes=trained.notes,
        postprocessing=_postprocessing(folder, dataset),
    )


def _check_exported(folder: Path, checkpoint: CheckpointName) -> None:
    if checkpoint != "auto":
        raise ModelError(
            f"A checkpoint can be chosen in nnU-Net's own result folder, but {folder} is an exported bundle, and"
            f" {checkpoint} was asked for. It was chosen at its export (hnseg-train export --checkpoint)."
        )


def _open_exported(folder: Path, folds: Sequence[Fold] | None) -> Bundle:
    manifest = _read_manifest(folder / MANIFEST_FILE)
    chosen = choose_folds(folder, folds, manifest.folds, manifest.file_of("all").replace("all", "<k>"))
    weights = tuple(folder / manifest.file_of(fold) for fold in chosen)
    for path in (*_texts(folder), *weights):
        _verify(path, manifest)
    plans, dataset = read_plans(folder), read_dataset(folder)
    bundle = Bundle(
        folder=folder,
        plans=plans,
        configuration=configuration_of(plans, manifest.configuration, folder / PLANS_FILE),
        dataset=dataset,
        folds=chosen,
        state_dicts=() if manifest.architecture else tuple(read_weights(path) for path in weights),
        mirroring_axes=manifest.mirroring_axes,
        settings=read_settings(folder),
        texts=_texts(folder),
        weights_files=weights,
        manifest=manifest,
        postprocessing=_postprocessing(folder, dataset),
    )
    _check_graphs(bundle)
    return bundle


def _check_graphs(bundle: Bundle) -> None:
    """Check that every graph is of the plans' patch, and that the file of its weights, if it has one, is whole.

    Raises:
        ModelError: One is not.
    """
    if bundle.graphs is None or bundle.manifest is None:
        return
    patch = bundle.configuration.patch_size
    if bundle.graphs.patch_size != patch:
        raise ModelError(
            f"The graphs of {bundle.folder / MANIFEST_FILE} must take the patch of {PLANS_FILE}, {patch}, but are for"
            f" {bundle.graphs.patch_size}. Were the plans changed after the export?"
        )
    batch, outputs = (1, bundle.network_channels, *patch), len(bundle.dataset.output_values)
    for path in bundle.weights_files:
        graph = check_graph(path, batch=batch, outputs=outputs, opset=bundle.graphs.opset)
        if graph.external_files:
            _verify(path.with_name(external_file(path.name)), bundle.manifest)


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate(read_json(path))
    except ValidationError as error:
        raise ModelError(
            f"{path} must be a manifest of this version, but {first_problem(error)}."
            " Was it edited, or exported by another version?"
        ) from error


def _verify(path: Path, manifest: Manifest, name: str | None = None) -> None:
    """Check that a file, listed under its own name or another, is the one that was exported."""
    if not path.is_file():
        raise ModelError(f"The bundle must be complete, but {path} is missing. Was it unpacked or copied completely?")
    if manifest.sha256.get(name or path.name) != (found := sha256_of(path)):
        raise ModelError(
            f"{path} must be the file that was exported, with the checksum that {MANIFEST_FILE} gives, but its SHA-256"
            f" is {found}. Was it damaged on the way, or changed afterwards?"
        )


def _texts(folder: Path) -> tuple[Path, ...]:
    further = (METHOD_FILE, POSTPROCESSING_FILE)
    return tuple(folder / name for name in (PLANS_FILE, DATASET_FILE, *(n for n in further if (folder / n).is_file())))


def _postprocessing(folder: Path, dataset: Dataset) -> Postprocessing:
    path = folder / POSTPROCESSING_FILE
    return read_postprocessing(path, dataset) if path.is_file() else NO_POSTPROCESSING


def read_settings(folder: Path) -> Mapping[str, Any]:
    """Return the settings of the challenge's method in a model folder; none without `method.json`.

    Raises:
        ModelError: The file can't be read, or holds something else than an object.
    """
    path = folder / METHOD_FILE
    settings = read_json(path) if path.is_file() else {}
    if not isinstance(settings, dict):
        raise ModelError(f"{path} must hold one JSON object, but holds {type(settings).__name__}. Was it edited?")
    return settings
