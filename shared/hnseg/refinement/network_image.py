"""Image of a session on its network's grid: preprocessed once, with the way of a point to its voxels.

The frame of an image is its label map as the network sees it: turned, its axes in the network's order, and cropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from hnseg.errors import InputError, ModelError
from hnseg.imaging.box import Slices
from hnseg.imaging.channels import Channels
from hnseg.imaging.prompts.click import Click, VoxelClick
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.inference.labelling.label_map import Target
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.planning.tiling import Shape3
from hnseg.inference.preprocessing.axis_map import AxisMap
from hnseg.inference.preprocessing.orientation import turned
from hnseg.inference.preprocessing.preprocess import place, preprocess
from hnseg.inference.rolling_sums import pad_to_patch

Index = tuple[float, float, float]


@dataclass(frozen=True)
class NetworkImage:
    """Input of the network for a case, without clicks.

    Attributes:
        volume: Channels (c, z, y, x), float32, padded with zeros to a patch; those of clicks are 0.
        inner: Voxels of the network's grid in the padded volume.
        patch: Size of a patch in voxels.
        target: Placement of the network's grid in the image, and the way of logits to labels.
        encoding: Encoding of clicks that the network was trained with.
    """

    volume: torch.Tensor
    inner: Slices
    patch: Shape3
    target: Target
    encoding: PromptEncoding

    @classmethod
    def of(cls, bundle: Bundle, channels: Channels) -> NetworkImage:
        """Preprocess the images of a case.

        Args:
            bundle: Model folder, opened.
            channels: Image channels of the case, in the order of the model's.

        Raises:
            ModelError: The model can't be refined by clicks, or the number of channels is not its number of images.
            InputError: The image is not what the model's normalisation is for.
        """
        encoding, patch = _refinable(bundle)
        _check_channels(bundle, channels)
        oriented = turned(channels) if bundle.plans.reorients else channels
        placement = place(oriented, bundle.plans, bundle.configuration)
        target = Target(placement, channels.grid, bundle.dataset, bundle.configuration.resampling_of_logits)
        volume = preprocess(oriented.array, placement, bundle.plans, bundle.configuration)
        padded, (_, z, y, x) = pad_to_patch(torch.from_numpy(volume), patch)
        return cls(padded, (z, y, x), patch, target, encoding)

    @cached_property
    def axes(self) -> tuple[AxisMap, AxisMap, AxisMap]:
        """Interpolation from the network's grid to the frame, along each axis."""
        return self.target.axes()

    def frame_index(self, point_mm: tuple[float, float, float]) -> Index:
        """Return the index of a point (x, y, z) in the frame, between voxels perhaps; it may lie outside.

        Raises:
            InputError: The point is not in the image, or not finite.
        """
        placement = self.target.placement
        x, y, z = placement.grid.index_xyz(np.array([point_mm]))[0].tolist()
        self._check_inside((x, y, z), point_mm)
        first, second, third = (
            (z, y, x)[axis] - part.start for axis, part in zip(placement.transpose, placement.crop, strict=True)
        )
        return first, second, third

    def voxel_click(self, click: Click) -> VoxelClick:
        """Return a click of a named structure on the network's grid, at the voxel that it is drawn around."""
        z, y, x = (float(round(index)) for index in self.target.placement.network_index(click.point_mm))
        return VoxelClick(str(click.structure), click.is_positive, (z, y, x))

    def _check_inside(self, index_xyz: Index, point_mm: tuple[float, float, float]) -> None:
        size = self.target.placement.grid.size_xyz
        if not all(-0.5 <= index <= n - 0.5 for index, n in zip(index_xyz, size, strict=True)):
            raise InputError(
                f"A click must lie in the image, but {_in_words(point_mm)} mm (LPS) is voxel {_in_words(index_xyz)} of"
                f" {size} (x, y, z). Does the click belong to another image, or is it in another unit?"
            )


def _refinable(bundle: Bundle) -> tuple[PromptEncoding, Shape3]:
    """Return the encoding of a model's clicks and its patch.

    Raises:
        ModelError: It was trained without clicks, or for what sessions can't do.
    """
    dataset, patch = bundle.dataset, bundle.configuration.patch_size
    if dataset.prompts is None:
        raise ModelError(
            f"A model must have channels for clicks to refine by them, but dataset.json in {bundle.folder} has no key"
            f" prompts, only the channels {', '.join(bundle.channels)}. Was it trained without clicks?"
        )
    if dataset.has_regions:
        raise ModelError(
            f"A model that is refined by clicks must give every voxel one label, but the labels of {bundle.folder} are"
            " regions, which may overlap. Was it trained with regions in place of classes?"
        )
    if unknown := set(dataset.prompts.structures) - set(dataset.labels):
        raise ModelError(
            f"The structures of clicks must be labels of the model in {bundle.folder}"
            f" ({', '.join(dataset.output_names)}), but {', '.join(sorted(unknown))} is none. Was dataset.json edited?"
        )
    if len(patch) != 3 or not bundle.configuration.resampling_of_logits.is_gradual:
        raise ModelError(
            f"A model that is refined by clicks must be a 3-D network whose logits are resampled linearly, but"
            f" {bundle.configuration.name} of {bundle.folder} is not. Is there another configuration of it?"
        )
    z, y, x = patch
    return dataset.prompts, (z, y, x)


def _check_channels(bundle: Bundle, channels: Channels) -> None:
    if len(channels.array) != len(bundle.image_channels):
        raise ModelError(
            f"The case must have the {len(bundle.image_channels)} images of the model in {bundle.folder}"
            f" ({', '.join(bundle.image_channels)}), but has {len(channels.array)}. Was it trained for others?"
        )


def _in_words(numbers: Index) -> str:
    return "(" + ", ".join(f"{number:.1f}" for number in numbers) + ")"
