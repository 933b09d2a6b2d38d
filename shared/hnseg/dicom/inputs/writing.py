"""Images of a case written from the series that were chosen, in the folders that a container reads."""

from __future__ import annotations

import logging
from pathlib import Path

import SimpleITK as sitk

from hnseg.dicom.inputs.choice import Chosen
from hnseg.dicom.inputs.fitting import in_words
from hnseg.dicom.series.pixels import read_voxels, volume_of
from hnseg.dicom.survey.entry import SurveyedSeries
from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import reason_of, write_image
from hnseg.platform.spec import ChallengeSpec, InputSocket

logger = logging.getLogger(__name__)
_FILE = "image.mha"


def write_series_images(spec: ChallengeSpec, chosen: Chosen, input_dir: Path) -> dict[str, Path]:
    """Write the image of each series that was chosen, a PET in SUV; the log has a line for each.

    Args:
        spec: Description of the sockets.
        chosen: Series by the slug of its socket.
        input_dir: Folder that receives the sockets' folders.

    Returns:
        File of each image by slug.

    Raises:
        InputError: A slice's pixels can't be read.
        OutputError: An image can't be written.
    """
    return {slug: _write(spec.input(slug), entry, input_dir) for slug, entry in chosen.items()}


def _write(socket: InputSocket, entry: SurveyedSeries, input_dir: Path) -> Path:
    if entry.series is None:
        raise ValueError(f"series {entry.number} is no volume")
    voxels = read_voxels(entry.series, f"series {entry.number}")
    if entry.suv is not None:
        voxels *= entry.suv.factor
    path = write_input(socket, volume_of(voxels, entry.series), input_dir)
    unit = f"; SUV {entry.suv.reason}" if entry.suv else ""
    notes = "".join(f"; {note}" for note in entry.notes)
    logger.info("%s: series %s%s%s", socket.title, in_words(entry), unit, notes)
    return path


def write_input(socket: InputSocket, image: sitk.Image, input_dir: Path) -> Path:
    """Write the image of a socket, as a container reads it, and return its file.

    Args:
        socket: Description of the socket.
        image: Its image.
        input_dir: Folder of the sockets' folders.

    Raises:
        OutputError: It can't be written.
    """
    path = input_dir / socket.relative_path / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(image, path)
    except (OSError, RuntimeError) as error:
        raise OutputError(
            f"The {socket.title} must be written to {path}, but that failed: {reason_of(error)}. Is there space?"
        ) from error
    return path
