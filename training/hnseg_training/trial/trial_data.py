"""Data of a trial: links to the files of its patients in their public layout, and cases as a container reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, array_of, image_of, resample_label_map
from hnseg.platform.spec import ChallengeSpec
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.trial.layout import TrialPatient


def link_patients(patients: Sequence[TrialPatient], source: Path, folder: Path) -> None:
    """Make links to the files of patients, each where it lies below the source.

    Raises:
        OutputError: The folder can't hold links.
    """
    try:
        for path in (path for patient in patients for path in patient.files):
            link = folder / path.relative_to(source)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path.resolve())
    except OSError as error:
        raise OutputError(
            f"The folder {folder} must hold links to the patients' files, but one can't be made ({error.strerror})."
            " Is there space, and a file system that knows links?"
        ) from error


def write_cases(patients: Sequence[TrialPatient], work: WorkFolder, spec: ChallengeSpec, folder: Path) -> list[Path]:
    """Write patients as cases to rehearse, with the converted label map as the expected one, and return their folders.

    Args:
        patients: Patients, each with a sample of the name in the data set.
        work: Work folder of the converted data.
        spec: Sockets of the container.
        folder: Folder of the cases.
    """
    written = []
    for patient in patients:
        case = folder / patient.name
        for socket in spec.inputs:
            if socket.slug in patient.images:
                image = read_volume(patient.images[socket.slug], title=socket.title)
                _write(image, case / "input" / socket.relative_path / "image.mha")
        grid = Grid.of(read_volume(patient.images[spec.output.on_grid_of], title="image"))
        sample = read_volume(work.raw / "labelsTr" / f"{patient.name}.nii.gz", title="label map")
        _write(_on_grid(sample, grid, spec.output.labels), case / "expected" / spec.output.relative_path / "output.mha")
        written.append(case)
    return written


def _on_grid(sample: sitk.Image, grid: Grid, labels: Mapping[int, str]) -> sitk.Image:
    """Return a sample's label map on the grid of the image, without what is ignored in training.

    It has the image's own voxels, turned and perhaps cropped, so that no label is moved.
    """
    values = array_of(resample_label_map(sitk.Cast(sample, sitk.sitkUInt8), grid))
    return image_of(np.where(np.isin(values, list(labels)), values, 0).astype(np.uint8), grid)


def _write(image: sitk.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), useCompression=True)
