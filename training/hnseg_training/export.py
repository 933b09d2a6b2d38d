"""From a trained result folder to what a container is given: a bundle, and the archive that is uploaded."""

from __future__ import annotations

import gzip
import logging
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from hnseg.errors import InputError, ModelError
from hnseg.inference.manifest import (
    DATASET_FILE,
    MANIFEST_FILE,
    METHOD_FILE,
    PLANS_FILE,
    Fold,
    Manifest,
    sha256_of,
    weights_file,
)
from hnseg_training.preset import Preset
from hnseg_training.work_folder import CONFIGURATION, WorkFolder

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

READABLE = 0o644


@dataclass(frozen=True)
class Label:
    """What the manifest says of the weights.

    Attributes:
        name: What the ensemble is called.
        version: Of the weights.
        licence: Of the weights; an SPDX identifier where there is one.
        training_data: The data set's name.
        metrics: What was measured and on what.
    """

    name: str
    version: str
    licence: str
    training_data: str
    metrics: Mapping[str, float] = field(default_factory=dict)


def export(
    work: WorkFolder,
    preset: Preset,
    output: Path,
    *,
    folds: Sequence[Fold],
    checkpoint: Literal["final", "best"],
    label: Label,
) -> Path:
    """Write the bundle `output` and, beside it, the same files as `<output>.tar.gz`.

    The weights are the checkpoints' to the last bit, without the optimiser's state. Tensors that nnU-Net's network
    registers under several names are written once, under the first.

    Args:
        work: A work folder with trained folds.
        preset: Which plans were trained.
        output: Must not exist or be empty.
        folds: Every one must be trained.
        checkpoint: The last epoch's weights, or those of nnU-Net's best moving average.
        label: What the manifest says.

    Returns:
        The archive; its contents lie at its root.

    Raises:
        ModelError: A fold is not trained.
        InputError: `output` holds something already.
    """
    results = work.results(preset.plans_name)
    checkpoints = {fold: results / f"fold_{fold}" / f"checkpoint_{checkpoint}.pth" for fold in folds}
    if missing := [str(path.relative_to(work.root)) for path in checkpoints.values() if not path.is_file()]:
        raise ModelError(
            f"Every fold must be trained before it is exported, but {', '.join(missing)} is missing in {work.root}."
            " Was training interrupted (hnseg-train fit --resume), or is --folds to name fewer?"
        )
    if output.is_dir() and any(output.iterdir()):
        raise InputError(f"The bundle's folder {output} must be empty or not exist yet. Remove it or name another.")
    unfinished = output.with_name(output.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    axes = [_write_weights(path, unfinished / weights_file(fold)) for fold, path in checkpoints.items()]
    for source in (results / PLANS_FILE, results / DATASET_FILE, work.raw / METHOD_FILE):
        if source.is_file():
            shutil.copyfile(source, unfinished / source.name)
    manifest = Manifest(
        name=label.name,
        version=label.version,
        licence=label.licence,
        training_data=label.training_data,
        configuration=CONFIGURATION,
        mirroring_axes=axes[0],
        folds=tuple(folds),
        metrics=dict(label.metrics),
        sha256={path.name: sha256_of(path) for path in sorted(unfinished.iterdir())},
    )
    (unfinished / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if output.is_dir():
        output.rmdir()
    unfinished.rename(output)
    archive = output.with_name(output.name + ".tar.gz")
    write_archive(output, archive)
    logger.info("exported %s, %.2f MB", output, sum(path.stat().st_size for path in output.iterdir()) / 1e6)
    return archive


def write_archive(folder: Path, archive: Path) -> None:
    """Pack a folder's files at the root of a gzipped tar; the same files give the same bytes."""
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for path in sorted(folder.iterdir()):
            member = tarfile.TarInfo(f"./{path.name}")  # nobody's, of no date, as readable as it must be
            member.size = path.stat().st_size
            member.mode = READABLE
            with path.open("rb") as content:
                tar.addfile(member, content)


def _write_weights(checkpoint: Path, weights: Path) -> tuple[int, ...]:
    """Write a checkpoint's weights as safetensors and return the axes it may be mirrored along."""
    import torch
    from safetensors.torch import save_file

    # A checkpoint holds its trainer's settings too, which takes a full unpickling; this one was written by fit.
    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=False)
    save_file(_without_aliases(state["network_weights"]), weights)
    weights.chmod(READABLE)  # safetensors writes for the owner alone; a container runs as somebody else
    return tuple(state["inference_allowed_mirroring_axes"] or ())


def _without_aliases(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return each tensor once, under the first of its names."""
    seen: set[tuple[int, tuple[int, ...]]] = set()
    kept: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        key = (tensor.data_ptr(), tuple(tensor.shape))
        if key not in seen:
            seen.add(key)
            kept[name] = tensor.contiguous()
    return kept
