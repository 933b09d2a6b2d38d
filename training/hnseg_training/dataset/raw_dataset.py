"""Samples and description of an nnU-Net data set, in nnU-Net's names and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.files.output_files import reason_of, write_image
from hnseg.imaging.geometry import array_of, image_of
from hnseg.machine import is_exhausted
from hnseg_training.dataset.work_folder import WorkFolder, write_json

FILE_ENDING = ".nii.gz"


@dataclass(frozen=True)
class Description:
    """Description of a data set, for nnU-Net's `dataset.json`.

    Attributes:
        title: Name of the training data.
        channel_names: Names of the channels, from which nnU-Net takes the normalisation: noNorm leaves a channel as it
            is, CT clips and scales it by the intensities in the structures of all cases, another name z-scores it.
        labels: Name of each structure by its value.
        samples: Number of samples.
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
        work: Work folder that receives the files.
        name: Name of the sample, by which nnU-Net pairs files.
        channels: Input channels of the network.
        label_map: Label map to learn, on the channels' grid; it is written with their very geometry.
    """
    for number, array in enumerate(channels.array):
        path = work.raw / "imagesTr" / f"{name}_{number:04d}{FILE_ENDING}"
        write_file(image_of(array, channels.grid), path)
    labels = image_of(array_of(label_map).astype(np.uint8), channels.grid)
    write_file(labels, work.raw / "labelsTr" / f"{name}{FILE_ENDING}")


def write_file(image: sitk.Image, path: Path) -> None:
    """Write one file of a sample, and read it back.

    Raises:
        OSError: The file can't be written, or is not whole.
    """
    try:
        write_image(image, path)
    except RuntimeError as error:
        if is_exhausted(error):
            raise
        raise OSError(reason_of(error)) from error


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
    """Return the value of voxels that nnU-Net doesn't learn from: the first one after the structures', its rule."""
    return max(labels) + 1
