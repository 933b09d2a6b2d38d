"""Clicks drawn into the network's input, each in the channel of its structure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from hnseg.imaging.prompts.click import Click, VoxelClick
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.execution import Execution
from hnseg.inference.planning.tiling import patch_3d, patch_around
from hnseg.inference.preprocessing.preprocess import Placement
from hnseg.inference.rolling_sums import pad_to_patch


def draw_clicks(volume: torch.Tensor, clicks: Sequence[Click], placement: Placement, execution: Execution) -> None:
    """Draw clicks into the network's input.

    A click that names no structure is one of the structure that is most probable there, which fold 0 tells without
    clicks. Where a network has no channels for clicks they are left out; a note of the execution says either.

    Args:
        volume: Network's input (c, *network_shape), float32, with the channels of clicks 0; they are changed.
        clicks: Clicks on the image, in the order in which they were made.
        placement: Placement of the network's grid in the image.
        execution: Execution of the networks' passes.
    """
    encoding = execution.ensemble.bundle.dataset.prompts
    if not clicks:
        return
    if encoding is None:
        execution.notes.append(f"The model has no channels for clicks, so that {len(clicks)} clicks were left out.")
        return
    drawn = list(_located(clicks, volume, placement, execution, encoding))
    prompts = encoding.draw(drawn, placement.network_shape, placement.network_mm)
    volume[len(volume) - len(prompts) :] = torch.from_numpy(prompts)


def structure_at(
    volume: torch.Tensor, index: tuple[float, float, float], execution: Execution, encoding: PromptEncoding
) -> str:
    """Return the structure that fold 0 finds most probable at a voxel of the network's input, of those with a channel.

    Args:
        volume: Network's input (c, *network_shape), without clicks.
        index: Index of the voxel; the nearest one is taken.
        execution: Execution of the networks' passes.
        encoding: Encoding of clicks.
    """
    bundle = execution.ensemble.bundle
    patch = patch_3d(bundle.configuration.patch_size)
    padded, (_, *inner) = pad_to_patch(volume, patch)
    inside = [min(max(round(at), 0), size - 1) for at, size in zip(index, volume.shape[1:], strict=True)]
    voxel = [at + part.start for at, part in zip(inside, inner, strict=True)]
    box = patch_around(voxel, patch, padded.shape[1:])
    k, j, i = (at - part.start for at, part in zip(voxel, box, strict=True))
    logits = execution.by_any_backend(
        lambda: execution.in_memory(lambda: _logits_at(padded[(slice(None), *box)], (k, j, i), execution), lambda: None)
    )
    outputs = bundle.dataset.output_names
    numbers = [outputs.index(structure) for structure in encoding.structures]
    return encoding.structures[int(logits[numbers].argmax())]


def _located(
    clicks: Iterable[Click],
    volume: torch.Tensor,
    placement: Placement,
    execution: Execution,
    encoding: PromptEncoding,
) -> Iterable[VoxelClick]:
    """Yield clicks on the network's grid, each with its structure."""
    for click in clicks:
        index = placement.network_index(click.point_mm)
        structure = click.structure
        if structure is None:
            structure = structure_at(volume, index, execution, encoding)
            x, y, z = (round(each, 1) for each in click.point_mm)
            sign = "" if click.is_positive else "not "
            execution.notes.append(f"The click {click.in_words} at {x}, {y}, {z} mm was taken for {sign}{structure}.")
        yield VoxelClick(structure, click.is_positive, index)


def _logits_at(tile: torch.Tensor, at: tuple[int, int, int], execution: Execution) -> torch.Tensor:
    """Return fold 0's logits (k,) at a voxel of a tile (c, *patch)."""
    (logits,) = execution.logits_of(0, [(tile, ())])
    return logits[(slice(None), *at)].cpu()
