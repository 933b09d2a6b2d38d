"""Samples and description of an nnU-Net data set, in nnU-Net's names and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of, image_of
from hnseg_training.dataset.work_folder import WorkFolder, write_json

FILE_ENDING = ".nii.gz"


@dataclass(frozen=True)
class Description:
    """What `dataset.json` tells nnU-Net.

    Attributes:
        title: The name of the training data.
        channel_names: nnU-Net takes the normalisation from them: noNorm leaves a channel as it is, CT clips it and
            scales it by what the structures have over all cases, a name it doesn't know is z-scored.
        labels: Value and name of each structure.
        samples: How many there are.
        ignored: Whether some voxels have the `ignore_label`.
        turned: Whether images are to be turned to right, anterior, superior, in training and in inference; structures
            that have a side need it.
    """

    title: str
    channel_names: Sequence[str]
    labels: Mapping[int, str]
    samples: int
    ignored: bool = False
    turned: bool = False


def write_sample(work: WorkFolder, name: str, channels: Channels, label_map: sitk.Image) -> None:
    """Write one training sample: a file a channel, and the label map.

    Args:
        work: Receives the files.
        name: Of the sample; nnU-Net pairs files by it.
        channels: The network's input.
        label_map: What to learn; takes over the channels' geometry, whose grid it must match.
    """
    for number, array in enumerate(channels.array):
        path = work.raw / "imagesTr" / f"{name}_{number:04d}{FILE_ENDING}"
        sitk.WriteImage(image_of(array, channels.grid), str(path))
    labels = image_of(array_of(label_map).astype(np.uint8), channels.grid)
    sitk.WriteImage(labels, str(work.raw / "labelsTr" / f"{name}{FILE_ENDING}"))


def write_description(work: WorkFolder, description: Description) -> None:
    """Write `dataset.json`."""
    labels = {"background": 0, **{name: value for value, name in description.labels.items()}}
    if description.ignored:
        labels["ignore"] = ignore_label(description.labels)
    content = {
        "name": description.title,
        "channel_names": {str(number): name for number, name in enumerate(description.channel_names)},
        "labels": labels,
        "numTraining": description.samples,
        "file_ending": FILE_ENDING,
        "overwrite_image_reader_writer": "SimpleITKIOWithReorient" if description.turned else "SimpleITKIO",
    }
    write_json(work.raw / "dataset.json", content)


def ignore_label(labels: Mapping[int, str]) -> int:
    """Return the value that nnU-Net doesn't learn from: the first one after the structures', as it wants it."""
    return max(labels) + 1
