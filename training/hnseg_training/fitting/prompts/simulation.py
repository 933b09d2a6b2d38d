"""Simulated clicks on a patch: on the structures of its reference, or on the errors of a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from hnseg.imaging.geometry import FloatArray
from hnseg.imaging.prompts.click import VoxelClick
from hnseg_training.fitting.prompts.components import Index, Mask, deep_components
from hnseg_training.fitting.prompts.settings import PromptTraining

Labels = npt.NDArray[np.integer]

_ATTEMPTS = 200  # voxels that are drawn before a place is given up
_OF_THE_BODY = 0.25  # of the range of a CT's intensities, which begins with air; a patch is normalised and augmented


@dataclass(frozen=True)
class Simulation:
    """Simulated user of patches on one grid.

    Attributes:
        settings: Settings of the clicks.
        values: Value of each structure in the labels, by name; those of the encoding at least.
        spacing_zyx_mm: Spacing of the patches along their axes.
        ignored: Value of voxels that nobody labelled; None where there is none.
    """

    settings: PromptTraining
    values: Mapping[str, int]
    spacing_zyx_mm: tuple[float, ...]
    ignored: int | None = None

    def on_structures(self, labels: Labels, image: FloatArray, rng: np.random.Generator) -> list[VoxelClick]:
        """Return a positive click in each component of each structure, and as many negative ones outside it.

        Args:
            labels: Reference of a patch, (z, y, x).
            image: First channel of the patch, (z, y, x), whose lowest values are those of air.
            rng: Source of the places and of those that are left out.
        """
        body = image > image.min() + _OF_THE_BODY * (image.max() - image.min())
        clicks = []
        for structure in self.settings.encoding.structures:
            inside = labels == self.values[structure]
            components = deep_components(inside, self.spacing_zyx_mm)
            clicks += [VoxelClick(structure, True, each.place(self.settings, rng)) for each in components]
            if components:
                places = self._outside(labels, inside, body, len(components), rng)
                clicks += [VoxelClick(structure, False, place) for place in places]
        return self._kept(clicks, rng)

    def on_lesions(self, labels: Labels, rng: np.random.Generator) -> list[VoxelClick]:
        """Return a positive click in each component of each structure of a reference (z, y, x)."""
        return [
            VoxelClick(structure, True, component.place(self.settings, rng))
            for structure in self.settings.encoding.structures
            for component in deep_components(labels == self.values[structure], self.spacing_zyx_mm)
        ]

    def on_errors(self, labels: Labels, predicted: Labels, rng: np.random.Generator) -> list[VoxelClick]:
        """Return a click in each error: a positive one in what is missing, a negative one in what is too much.

        Of each structure those of greatest depth, the larger ones of equals first.

        Args:
            labels: Reference of a patch, (z, y, x).
            predicted: Prediction of it.
            rng: Source of the places and of those that are left out.
        """
        smallest = self.settings.smallest_error_voxels
        clicks = []
        for structure in self.settings.encoding.structures:
            true, found = labels == self.values[structure], predicted == self.values[structure]
            errors = [
                (component, is_missing)
                for is_missing, mask in ((True, true & ~found), (False, found & ~true & self._known(labels)))
                for component in deep_components(mask, self.spacing_zyx_mm, smallest_voxels=smallest)
            ]
            errors.sort(key=lambda error: (-error[0].greatest_depth_mm, -error[0].voxels))
            clicks += [
                VoxelClick(structure, is_missing, component.place(self.settings, rng))
                for component, is_missing in errors[: self.settings.most_errors]
            ]
        return self._kept(clicks, rng)

    def _known(self, labels: Labels) -> Mask:
        return labels != self.ignored if self.ignored is not None else np.ones(labels.shape, np.bool_)

    def _outside(self, labels: Labels, inside: Mask, body: Mask, count: int, rng: np.random.Generator) -> list[Index]:
        """Return places for negative clicks of a structure: near it or in another one, or anywhere in the body."""
        outside = ~inside & self._known(labels)
        others = np.isin(labels, [self.values[name] for name in self.settings.encoding.structures])
        hard = np.flatnonzero(outside & (others | self._near(inside)))
        places = []
        for is_near in rng.random(count) < self.settings.near:
            if is_near and hard.size:
                places.append(_index(int(rng.choice(hard)), inside.shape))
            elif (place := _drawn(outside & body, rng)) is not None:
                places.append(place)
        return places

    def _near(self, inside: Mask) -> Mask:
        """Return the voxels up to `near_mm` from a structure, itself among them; only the box around it is measured."""
        reach = [int(np.ceil(self.settings.near_mm / mm)) for mm in self.spacing_zyx_mm]
        around = ndimage.find_objects(inside.astype(np.uint8))[0]
        box = tuple(
            slice(max(0, axis.start - more), axis.stop + more) for axis, more in zip(around, reach, strict=True)
        )
        near = np.zeros(inside.shape, np.bool_)
        distance_mm = ndimage.distance_transform_edt(~inside[box], sampling=self.spacing_zyx_mm)
        near[box] = distance_mm <= self.settings.near_mm
        return near

    def _kept(self, clicks: Sequence[VoxelClick], rng: np.random.Generator) -> list[VoxelClick]:
        """Return the clicks in a random order, less a random share of them."""
        order = rng.permutation(len(clicks))
        share = 1 - rng.uniform(0, self.settings.left_out)
        return [clicks[number] for number in order[: int(np.ceil(share * len(clicks)))]]


def _drawn(mask: Mask, rng: np.random.Generator) -> Index | None:
    """Return a random voxel of a mask; None where it has none or hardly any."""
    for flat in rng.integers(mask.size, size=_ATTEMPTS):
        if mask.ravel()[flat]:
            return _index(int(flat), mask.shape)
    return None


def _index(flat: int, shape: tuple[int, ...]) -> Index:
    z, y, x = (int(at) for at in np.unravel_index(flat, shape))
    return z, y, x
