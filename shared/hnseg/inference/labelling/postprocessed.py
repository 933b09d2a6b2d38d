"""Postprocessing of a label map, as nnU-Net's `apply_postprocessing` does it, within the box of the labels alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.box import Slices
from hnseg.imaging.components import Connectivity, smaller_components
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.postprocessing import KeepLargest, Postprocessing

# Through faces, edges and corners, as scikit-image's `label` has it, which nnU-Net calls.
_CONNECTIVITY: Connectivity = 26


@dataclass(frozen=True)
class Postprocessed:
    """Label map after its postprocessing, and what that took away.

    Attributes:
        label_map: Label map on the same grid, of the same type.
        dropped: Number of voxels that each step set to background.
        steps: Steps of the postprocessing.
    """

    label_map: sitk.Image
    dropped: tuple[int, ...]
    steps: tuple[KeepLargest, ...]

    @property
    def record(self) -> Mapping[str, Any]:
        """Values for the provenance: `postprocessing`, the labels and voxels dropped of each step; none without one."""
        if not self.steps:
            return {}
        steps = zip(self.steps, self.dropped, strict=True)
        return {"postprocessing": [{"keep_largest": step.labels, "dropped_voxels": count} for step, count in steps]}

    def notes(self, dataset: Dataset) -> tuple[str, ...]:
        """Return a sentence for each step; its labels are called by their names in a data set."""
        return tuple(
            f"Postprocessing, as nnU-Net determined it, kept only the largest piece of {_names(step, dataset)}, and"
            f" dropped {count} voxels."
            for step, count in zip(self.steps, self.dropped, strict=True)
        )


def postprocess(label_map: sitk.Image, postprocessing: Postprocessing) -> Postprocessed:
    """Return a label map with the steps of a postprocessing done, one after another.

    Beside a copy of the label map it takes six bytes a voxel of the box around a step's labels.

    Args:
        label_map: Label map of integers on any grid; without a step it comes back as it is.
        postprocessing: Steps to do.
    """
    steps = postprocessing.keep_largest
    if not steps:
        return Postprocessed(label_map, (), ())
    array = array_of(label_map)
    boxes = cast("list[Slices | None]", ndimage.find_objects(array))  # of what later steps find, too: voxels only go
    dropped = tuple(_keep_largest(array, step, _around(boxes, step.labels)) for step in steps)
    return Postprocessed(image_of(array, Grid.of(label_map)), dropped, steps)


def _keep_largest(array: npt.NDArray[Any], step: KeepLargest, box: Slices | None) -> int:
    """Do a step in place, inside the box around its labels, and return the number of voxels that changed."""
    if box is None:
        return 0
    inside = array[box]
    smaller = smaller_components(np.isin(inside, step.labels), connectivity=_CONNECTIVITY)
    inside[smaller] = 0
    return int(np.count_nonzero(smaller))


def _around(boxes: Sequence[Slices | None], labels: Sequence[int]) -> Slices | None:
    """Return the box around all voxels of some labels, of the boxes of 1, 2 and so on; None where there is no voxel."""
    found = [box for label in labels if label <= len(boxes) and (box := boxes[label - 1]) is not None]
    if not found:
        return None
    z, y, x = (slice(min(a.start for a in along), max(a.stop for a in along)) for along in zip(*found, strict=True))
    return (z, y, x)


def _names(step: KeepLargest, dataset: Dataset) -> str:
    """Return the name of the label or region that has these values, or those of all of them."""
    values = {
        name: frozenset(value if isinstance(value, tuple) else (value,)) for name, value in dataset.labels.items()
    }
    for name, value in values.items():
        if value == set(step.labels):
            return name
    single = {min(value): name for name, value in values.items() if len(value) == 1}
    names = [single.get(label, str(label)) for label in step.labels]
    return f"{', '.join(names[:-1])} and {names[-1]} together" if len(names) > 1 else f"label {names[0]}"
