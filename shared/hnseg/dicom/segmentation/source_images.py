"""Images that a segmentation is of, as the elements that it takes from them: no other reaches it."""

from __future__ import annotations

from pathlib import Path

from pydicom import Dataset

from hnseg.dicom.patient_elements import patient_elements
from hnseg.dicom.series.series import Series


def source_images(series: Series, folder: Path) -> list[Dataset]:
    """Return the elements of a series' images by z: patient, study, identifiers and plane.

    Args:
        series: The series.
        folder: Its folder, for error sentences.

    Raises:
        InputError: A file of the series can't be read any more.
    """
    patient = patient_elements(series.slices[0].path, folder)
    rows, columns = _in_plane_directions(series)
    images = []
    for each in series.slices:
        image = Dataset()
        image.update(patient)
        image.SOPClassUID, image.SOPInstanceUID = each.sop_class_uid, each.sop_instance_uid
        image.StudyInstanceUID, image.SeriesInstanceUID = series.study_uid, series.uid
        image.FrameOfReferenceUID = series.frame_of_reference_uid
        image.Modality = series.modality or "OT"
        image.Columns, image.Rows, _ = series.grid.size_xyz
        image.PixelSpacing = [series.grid.spacing_mm[1], series.grid.spacing_mm[0]]
        image.SliceThickness = image.SpacingBetweenSlices = series.grid.spacing_mm[2]
        image.ImageOrientationPatient = [*rows, *columns]
        image.ImagePositionPatient = list(each.position_mm)
        images.append(image)
    return images


def _in_plane_directions(series: Series) -> tuple[list[float], list[float]]:
    """Return the directions along a row and along a column, rounded to what an element holds."""
    rounded = [round(value, 10) for value in series.grid.direction]
    return rounded[0::3], rounded[1::3]
