"""Sum over models of the probabilities on the image's grid, and the label map of their mean, as nnU-Net makes it.

nnU-Net's `average_probabilities` adds float32 arrays of the image's size in the order of the models, divides by their
number, and takes the largest, of equal ones the first; of regions those over one half.
"""

from __future__ import annotations

import os
from math import prod
from tempfile import TemporaryFile, gettempdir
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy.special import xlogy

from hnseg.errors import MemoryShortError
from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.inference.labelling.label_map import Target
from hnseg.inference.labelling.probability_planes import Probabilities
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.machine import GIB, free_ram_gib

_OF_FREE = 0.5  # of the memory that is free: a sum that takes more begins in a file
_FLOAT = np.dtype(np.float32).itemsize


class ProbabilitySum:
    """Sum so far, in memory, or in a file mapped into it where memory is short.

    Attributes:
        array: Sum (k, z, y, x), float32; where the image was cropped it is 1 for background and 0 for all others.
        models: Number of models that have given the probabilities of every plane.
    """

    def __init__(self, outputs: int, grid: Grid, given: Probabilities | None = None) -> None:
        """Begin without any.

        Args:
            outputs: Number of classes or regions.
            grid: Grid of the image.
            given: Array that the mean is wanted in; the sum is made there if it is of float32.

        Raises:
            MemoryShortError: Neither the memory nor the folder of temporary files has room for it.
        """
        self._grid, self._given = grid, given
        self.models = 0
        self._target: Target | None = None
        self._counts: npt.NDArray[np.uint8] | None = None
        shape = (outputs, *grid.shape_zyx)
        if given is not None and given.dtype == np.float32:
            self.array: Probabilities = given
        elif _FLOAT * prod(shape) < _OF_FREE * GIB * free_ram_gib():
            self.array = np.zeros(shape, np.float32)
        else:
            self.array = _in_a_file(shape)

    def move_to_file(self) -> bool:
        """Move the sum from memory to a file; False where it is somebody else's, or in a file already.

        Raises:
            MemoryShortError: The folder of temporary files has no room for it.
        """
        if self.array is self._given or isinstance(self.array, np.memmap):
            return False
        moved = _in_a_file(self.array.shape)
        if self.models:
            for source, destination in zip(self.array, moved, strict=True):
                destination[...] = source
        self.array = moved
        return True

    def count_model(self, target: Target, planes: int | None = None) -> None:
        """Count a model whose probabilities were added.

        Args:
            target: Target of its label map.
            planes: Number of planes that have them, from the first on; None for all.
        """
        self._target = target
        if planes is None:
            self.models += 1
            if self._counts is not None:
                target.planes_in(self._counts)[...] += 1
        elif planes:
            if self._counts is None:
                self._counts = np.full(self._grid.shape_zyx, self.models, np.uint8)
            target.planes_in(self._counts)[:planes] += 1

    def divide(self) -> None:
        """Turn the sum into the mean, in place and in the array that was given; to be called once."""
        if self._target is not None:
            planes = self._target.outputs_in(self.array)
            counts = None if self._counts is None else self._target.planes_in(self._counts)
            for number in range(planes.shape[1] if self.models > 1 or counts is not None else 0):
                planes[:, number] /= self.models if counts is None else counts[number]
        if self._given is not None and self._given is not self.array:
            for source, destination in zip(self.array, self._given, strict=True):
                destination[...] = source

    def label_map(self, dataset: Dataset) -> sitk.Image:
        """Return the label map of the mean: uint8, or uint16 where a label is over 255."""
        values = dataset.output_values
        labels = np.zeros(self._grid.shape_zyx, np.uint8 if max(values) <= np.iinfo(np.uint8).max else np.uint16)
        for z, plane in enumerate(labels):
            probabilities = self.array[:, z]
            if not dataset.has_regions:
                plane[...] = probabilities.argmax(axis=0)
                continue
            for value, of_region in zip(values, probabilities, strict=True):
                plane[of_region > 0.5] = value
        return image_of(labels, self._grid)

    def entropy(self, *, has_regions: bool) -> sitk.Image:
        """Return the entropy of the mean in nats, float32; of regions the sum of each one's."""
        entropy: FloatArray = np.zeros(self._grid.shape_zyx, np.float32)
        for z, plane in enumerate(entropy):
            given = np.clip(self.array[:, z], 0, 1)
            others = xlogy(1 - given, 1 - given) if has_regions else np.float32(0)
            plane[...] = -(xlogy(given, given) + others).sum(axis=0)
        return image_of(entropy, self._grid)


def _in_a_file(shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    """Return an array of zeros in a file without a name, whose room on the disk is kept from now on.

    Raises:
        MemoryShortError: There is no room.
    """
    size = _FLOAT * prod(shape)
    try:
        with TemporaryFile() as file:
            os.posix_fallocate(file.fileno(), 0, size)
            return np.memmap(file, np.float32, "r+", shape=shape)
    except OSError as error:
        raise MemoryShortError(
            f"The mean of several models needs {size / GIB:.3g} GiB for the probabilities of {shape[0]} classes, but"
            f" neither the memory nor {gettempdir()} has so much room ({error.strerror}). Is TMPDIR to name another"
            " folder?"
        ) from error
