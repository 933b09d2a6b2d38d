"""Export of a trained result folder: the bundle that a container runs, and the archive to upload."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import torch
from safetensors.torch import save_file

from hnseg.errors import InputError, ModelError, OutputError
from hnseg.imaging.files.output_files import Output, output_files, reason_of
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import (
    DATASET_FILE,
    GRAPH_FILES,
    MANIFEST_FILE,
    METHOD_FILE,
    PLANS_FILE,
    POSTPROCESSING_FILE,
    PREVIOUS_FOLDER,
    Fold,
    Manifest,
    weights_file,
)
from hnseg.inference.model.nnunet_plans import configuration_of, read_dataset, read_plans
from hnseg.inference.model.postprocessing import Postprocessing, check_labels
from hnseg.inference.model.previous_stage import Stage, check_stages, find_previous
from hnseg.inference.model.structure_range import StructureRange
from hnseg.inference.model.weights import StateDict, read_checkpoint
from hnseg.signals import sigterm_unwinds
from hnseg_training.bundle_files import READABLE, bundle_files, checksums, write_archive
from hnseg_training.dataset.structure_ranges import structure_ranges
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.preset import Preset
from hnseg_training.graphs.exported import Exported
from hnseg_training.graphs.trainer_network import TrainerCode
from hnseg_training.postprocessing import find_postprocessing, read_determined

logger = logging.getLogger(__name__)

NO_RANGES: Mapping[str, StructureRange] = MappingProxyType({})
"""Ranges of no structure."""
_LARGEST_DIFFERENCE = 0.01  # of logits, in their standard deviations; 1e-4 to 1e-3 is rounding


@dataclass(frozen=True)
class Label:
    """Description of the weights for the manifest.

    Attributes:
        name: Name of the ensemble.
        version: Version of the weights.
        licence: Licence of the weights; an SPDX identifier where there is one.
        training_data: Name of the data set.
        metrics: Measured values, by the name of the measure and the data.
    """

    name: str
    version: str
    licence: str
    training_data: str
    metrics: Mapping[str, float] = field(default_factory=dict)


def export(  # noqa: PLR0913 (each is a choice of the command)
    work: WorkFolder,
    preset: Preset,
    output: Path,
    *,
    folds: Sequence[Fold],
    checkpoint: Literal["final", "best"],
    label: Label,
    openvino: bool = False,
    workers: int | None = 1,
    postprocessing: Path | Literal["none"] | None = None,
    code: TrainerCode | None = None,
) -> Path:
    """Write the bundle `output` of a work folder and, beside it, the same files as `<output>.tar.gz`.

    Args:
        work: Work folder with trained folds.
        preset: Preset that was trained.
        output: Folder of the bundle; it must not exist or be empty.
        folds: Folds to export; each must be trained.
        checkpoint: Weights of the last epoch, or of nnU-Net's best moving average.
        label: Description of the weights for the manifest.
        openvino: Whether to ship the network's graph too, so that a container with OpenVINO need not convert it.
        workers: Processes that measure the structures of the training data, whose ranges go into the manifest; None
            leaves the ranges out.
        postprocessing: File of the postprocessing that nnU-Net determined; left out, that of these folds is taken where
            nnU-Net has written it beside them. "none" takes none.
        code: Code that builds the network, for folds that become graphs; None for the network of the plans.

    Returns:
        Path of the archive; its files lie at its root.

    Raises:
        ModelError: A fold is not trained, or OpenVINO can't run the network.
        InputError: `output` holds something already, or the data set's `dataset.json` can't be read.
        OutputError: The bundle or the archive can't be written; then a former archive is still there.
    """
    results = work.results(preset.result_name)
    _check_trained(_checkpoints(results, folds, checkpoint).values(), work.root)
    _check_free(output)
    return export_results(
        results,
        output,
        folds=folds,
        checkpoint=checkpoint,
        label=label,
        openvino=openvino,
        code=code,
        postprocessing=postprocessing,
        settings=work.raw / METHOD_FILE,
        structures={} if workers is None else structure_ranges(work, workers=workers),
    )


def export_results(  # noqa: PLR0913 (each is a choice of the command)
    results: Path,
    output: Path,
    *,
    folds: Sequence[Fold],
    checkpoint: Literal["final", "best"],
    label: Label,
    openvino: bool = False,
    code: TrainerCode | None = None,
    postprocessing: Path | Literal["none"] | None = None,
    settings: Path | None = None,
    structures: Mapping[str, StructureRange] = NO_RANGES,
) -> Path:
    """Write the bundle of nnU-Net's result folder, wherever that lies, and its archive.

    The weights are the checkpoints' to the last bit, without the optimiser's state; tensors that nnU-Net's network
    registers under several names are written once. Folds become graphs where the code of a trainer is given.

    Args:
        results: nnU-Net's result folder, such as nnUNetTrainer__nnUNetPlans__3d_fullres.
        output: As for `export`; so are the other arguments.
        folds: Folds to export.
        checkpoint: Weights to export.
        label: Description of the weights.
        openvino: Whether to ship the network's graph too.
        code: Code that builds the network.
        postprocessing: File of the postprocessing that nnU-Net determined.
        settings: File of the method's settings, which need not exist; that of the result folder when left out.
        structures: Ranges of the structures in the training data; none where that is not at hand.

    Returns:
        Path of the archive.

    Raises:
        ModelError: A fold is not trained, the trainer can't build its network, or that can't be written as a graph.
        InputError: `output` holds something already, or the trainer can't be found.
        OutputError: The bundle or the archive can't be written; then a former archive is still there.
    """
    checkpoints = _checkpoints(results, folds, checkpoint)
    _check_trained(checkpoints.values(), results.parent)
    _check_free(output)
    archive = output.with_name(output.name + ".tar.gz")
    _check_places(output, archive)
    determined = _determined(results, folds, postprocessing)
    others = [results / PLANS_FILE, results / DATASET_FILE, settings or results / METHOD_FILE]
    write_folds = partial(write_weights, checkpoints) if code is None else _graph_writer(checkpoints, code)
    try:
        with sigterm_unwinds(), tempfile.TemporaryDirectory(dir=output.parent, prefix=".export-") as unfinished:
            bundle = Path(unfinished) / output.name
            bundle.mkdir()
            if determined is not None:
                (bundle / POSTPROCESSING_FILE).write_text(determined.text(), encoding="utf-8")
            _fill(bundle, write_folds, others, label, structures)
            if openvino:
                add_graph(bundle)
            write_archive(bundle, Path(unfinished) / archive.name)
            bundle.replace(output)
            (Path(unfinished) / archive.name).replace(archive)
    except OSError as error:
        raise _failure(output, error) from error
    logger.info("exported %s, %.2f MB", output, sum(path.stat().st_size for path in bundle_files(output)) / 1e6)
    return archive


def _determined(results: Path, folds: Sequence[Fold], given: Path | Literal["none"] | None) -> Postprocessing | None:
    """Return the postprocessing to export, and tell the log where it comes from; None where there is none to do.

    Raises:
        ModelError: Its file can't be used.
    """
    path = None if given == "none" else given or find_postprocessing(results, folds)
    if path is None:
        return None
    determined = read_determined(path)
    check_labels(determined, read_dataset(results), path)
    if not determined.keep_largest:
        logger.info("%s says that no postprocessing helps, so that none is exported", path)
        return None
    steps = "; ".join(", ".join(map(str, step.labels)) for step in determined.keep_largest)
    logger.info("postprocessing of %s: keep the largest piece of the labels %s", path, steps)
    return determined


def _check_trained(checkpoints: Iterable[Path], root: Path) -> None:
    if missing := [str(path.relative_to(root)) for path in checkpoints if not path.is_file()]:
        raise ModelError(
            f"Every fold must be trained before it is exported, but {', '.join(missing)} is missing in {root}."
            " Was training interrupted (hnseg-train fit --resume), or is --folds to name fewer?"
        )


def _checkpoints(results: Path, folds: Sequence[Fold], checkpoint: str) -> dict[Fold, Path]:
    return {fold: results / f"fold_{fold}" / f"checkpoint_{checkpoint}.pth" for fold in folds}


def _check_free(output: Path) -> None:
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(f"The bundle's folder {output} must be empty or not exist yet. Remove it or name another.")


def _check_places(output: Path, archive: Path) -> None:
    """Make the folder of the bundle and the archive, and check that both can be written there.

    Raises:
        OutputError: They can't be.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _failure(output, error) from error
    with output_files(Output("--output", archive, f"The archive must be written to {archive}")):
        pass  # the checks come before the block


def _failure(output: Path, error: OSError) -> OutputError:
    return OutputError(
        f"A bundle must be written to {output}, but that failed: {reason_of(error)}."
        " Is there space and permission to write?"
    )


def _fill(
    bundle: Path,
    write_folds: Callable[[Path], Exported],
    others: Sequence[Path],
    label: Label,
    structures: Mapping[str, StructureRange],
) -> None:
    """Write every file of a bundle: the folds, copies of those of the others that exist, and the manifest of all.

    The others begin with the plans in the result folder; of a cascade the first stage's bundle is written too.
    """
    for source in others:
        if source.is_file():
            shutil.copyfile(source, bundle / source.name)
    exported = write_folds(bundle)
    _fill_previous(bundle, others[0].parent, exported.configuration, label)
    manifest = Manifest(
        format="hnseg-bundle-1" if exported.graphs is None else "hnseg-bundle-2",
        name=label.name,
        version=label.version,
        licence=label.licence,
        training_data=label.training_data,
        configuration=exported.configuration,
        mirroring_axes=exported.mirroring_axes,
        folds=exported.folds,
        metrics=dict(label.metrics),
        structures=dict(structures),
        architecture=exported.graphs,
        sha256=checksums(bundle),
    )
    (bundle / MANIFEST_FILE).write_text(manifest.text(), encoding="utf-8")


def _graph_writer(checkpoints: Mapping[Fold, Path], code: TrainerCode) -> Callable[[Path], Exported]:
    """Return the function that writes folds as graphs.

    Raises:
        InputError: A package that this needs is not installed.
    """
    try:
        from hnseg_training.graphs.folds import write_graphs
    except ImportError as error:
        raise InputError(
            f"onnx and onnxruntime must be installed to export a trainer's network as a graph, but: {error}."
            " pip install 'hnseg[training]' has both."
        ) from error
    return partial(write_graphs, checkpoints, code=code)


def write_weights(checkpoints: Mapping[Fold, Path], bundle: Path) -> Exported:
    """Write the weights of each fold, for the network that the plans describe."""
    for fold, path in checkpoints.items():
        trained = read_checkpoint(path)
        weights = bundle / weights_file(fold)
        save_file(without_aliases(trained.state_dict), weights)
        weights.chmod(READABLE)  # safetensors writes for the owner alone; a container runs as somebody else
    return Exported(tuple(checkpoints), trained.configuration, trained.mirroring_axes)


def _fill_previous(bundle: Path, results: Path, configuration_name: str, label: Label) -> None:
    """Write the first stage into the bundle of a cascade's second, with all of its folds; nothing for another model.

    Args:
        bundle: Bundle of the second stage, with its plans and data set.
        results: Result folder that it is made of.
        configuration_name: Configuration that it was trained in.
        label: Description of the weights of the second stage.

    Raises:
        ModelError: There is no first stage, or it does not belong to the second.
    """
    configuration = configuration_of(read_plans(bundle), configuration_name, bundle / PLANS_FILE)
    if configuration.previous_stage is None:
        return
    first = open_bundle(find_previous(results, configuration, is_exported=False))
    check_stages(
        Stage(results, configuration, read_dataset(bundle)), Stage(first.folder, first.configuration, first.dataset)
    )
    previous = bundle / PREVIOUS_FOLDER
    if first.manifest is not None:
        shutil.copytree(first.folder, previous, copy_function=shutil.copyfile)
        return
    previous.mkdir()
    described = replace(label, name=f"{label.name}, {configuration.previous_stage}", metrics={})
    others = [first.folder / PLANS_FILE, first.folder / DATASET_FILE]
    checkpoints = dict(zip(first.folds, first.weights_files, strict=True))
    _fill(previous, partial(write_weights, checkpoints), others, described, {})


def add_graph(folder: Path) -> None:
    """Add the network's graph for OpenVINO to an exported bundle, of both stages of a cascade, and list it.

    Raises:
        ModelError: OpenVINO can't run the network, or gives other logits than torch.
    """
    # Imported here, since OpenVINO is an extra.
    from hnseg.inference.backends.openvino_backend import OpenvinoBackend
    from hnseg.inference.backends.openvino_graph import convert, save

    save(convert(open_bundle(folder)), folder)
    for name in GRAPH_FILES:
        (folder / name).chmod(READABLE)
    if (folder / PREVIOUS_FOLDER).is_dir():
        add_graph(folder / PREVIOUS_FOLDER)
    manifest = Manifest.model_validate_json((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    text = manifest.model_copy(update={"sha256": checksums(folder)}).text()
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")
    bundle = open_bundle(folder, folds=manifest.folds[:1])
    tile = torch.randn(
        (1, bundle.network_channels, *bundle.configuration.patch_size), generator=torch.Generator().manual_seed(0)
    )
    expected = TorchBackend.load(bundle).logits(0, tile)
    difference = (OpenvinoBackend.load(bundle).logits(0, tile) - expected).abs().max().item()
    if not difference <= _LARGEST_DIFFERENCE * expected.std().item():
        raise ModelError(
            f"OpenVINO must give the logits that torch gives for the network of {folder}, but they differ by up to"
            f" {difference:.3g}. Does it have layers that depend on the size of a tile? Export it without --openvino."
        )


def without_aliases(state_dict: StateDict) -> dict[str, torch.Tensor]:
    """Return each tensor once, under the first of the names by which nnU-Net's network knows it."""
    known: set[tuple[int, torch.Size]] = set()
    kept: dict[str, torch.Tensor] = {}
    for name, tensor in state_dict.items():
        key = (tensor.data_ptr(), tensor.shape)
        if key not in known:
            known.add(key)
            kept[name] = tensor.contiguous()
    return kept
