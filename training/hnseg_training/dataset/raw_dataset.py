"""Samples and description of an nnU-Net data set, in nnU-Net's names and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.channels import Channels, channels_of
from hnseg.imaging.files.output_files import reason_of, write_image
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, array_of, image_of
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


def read_sample(work: WorkFolder, name: str, labels: Mapping[int, str]) -> tuple[Channels, sitk.Image]:
    """Read one training sample: its channels as training sees them, and the label map on their grid.

    Args:
        work: Work folder that has the files.
        name: Name of the sample.
        labels: Name of each value of the label map beside 0, that of ignored voxels too.

    Raises:
        InputError: A file is missing or damaged, or the label map lies on another grid.
    """
    files = sorted((work.raw / "imagesTr").glob(f"{name}_[0-9][0-9][0-9][0-9]{FILE_ENDING}"))
    if not files:
        raise InputError(
            f"The sample {name} must have a file a channel in {work.raw / 'imagesTr'}, but none was found."
            " Was the data set removed or moved after training?"
        )
    titles = [file.name for file in files]
    images = [read_volume(file, title=title) for file, title in zip(files, titles, strict=True)]
    channels = channels_of(images, titles, titles=titles)
    path = work.raw / "labelsTr" / f"{name}{FILE_ENDING}"
    label_map = read_volume(path, title="label map", labels=labels)
    if difference := Grid.of(label_map).differences(channels.grid):
        raise InputError(f"The label map {path} must lie on its channels' grid, but has {difference} of {titles[0]}.")
    return channels, label_map


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
