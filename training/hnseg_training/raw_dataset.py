"""Samples and description of an nnU-Net data set, in nnU-Net's names and layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import array_of, image_of
from hnseg_training.work_folder import WorkFolder, write_json

FILE_ENDING = ".nii.gz"


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


def write_description(
    work: WorkFolder, *, title: str, channel_names: Sequence[str], labels: Mapping[int, str], samples: int
) -> None:
    """Write `dataset.json`.

    Args:
        work: Receives the file.
        title: The name of the training data.
        channel_names: nnU-Net takes the normalisation from them: noNorm leaves a channel as it is, a name it doesn't
            know is z-scored.
        labels: Value and name of each structure.
        samples: How many there are.
    """
    description = {
        "name": title,
        "channel_names": {str(number): name for number, name in enumerate(channel_names)},
        "labels": {"background": 0, **{name: value for value, name in labels.items()}},
        "numTraining": samples,
        "file_ending": FILE_ENDING,
        "overwrite_image_reader_writer": "SimpleITKIO",
    }
    write_json(work.raw / "dataset.json", description)
