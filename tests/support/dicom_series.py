"""DICOM series made for tests: single-frame files in Explicit VR Little Endian, on any grid."""

from dataclasses import replace

import numpy as np
from pydicom import Dataset
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from hnseg.imaging.geometry import Grid

IDENTIFIERS = {"PatientName": "Lastname^Firstname", "PatientID": "ID-4711", "PatientBirthDate": "19500203"}
"""What names the patient in every file, and must not reach an error or a log."""


def _turned(about, degrees, spacing, size):
    """Return a grid whose axes are turned about x or y."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turns = {"x": [[1, 0, 0], [0, c, -s], [0, s, c]], "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]]}
    return Grid(size, spacing, (-31.5, 12.25, 7.125), tuple(np.ravel(turns[about]).tolist()))


SIZE = (40, 36, 9)
AXIAL = Grid(SIZE, (1.5, 1.5, 3.0), (-31.5, 12.25, -107.3), (1, 0, 0, 0, 1, 0, 0, 0, 1))
GRIDS = {
    "axial": AXIAL,
    "oblique": _turned("x", 12, (1.5, 1.5, 3.0), SIZE),
    "sagittal": replace(AXIAL, direction=(0, 0, -1, 1, 0, 0, 0, -1, 0)),  # as scanners have it
    "flipped": replace(AXIAL, direction=(-1, 0, 0, 0, 1, 0, 0, 0, -1)),
    "non-square": replace(AXIAL, spacing_mm=(0.9765625, 1.6, 2.5)),
    "descending": AXIAL,
}
"""Grids of series, (x along a row, y along a column, z from slice to slice)."""


def with_as_many_rows_as_columns(grid):
    """Return a grid with square slices, for programs that take rows for columns."""
    return replace(grid, size_xyz=(grid.size_xyz[0], grid.size_xyz[0], grid.size_xyz[2]))


def headers_of(grid, *, name="axial", **values):
    """Return the elements of the files of a series, one for each slice in the order of z.

    Args:
        grid: Voxels of the series.
        name: "descending" numbers the images from the last slice to the first.
        values: Elements that all files have besides.
    """
    rows, columns = np.reshape(grid.direction, (3, 3)).T[:2].tolist()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    count = grid.size_xyz[2]
    files = []
    for z in range(count):
        elements = Dataset()
        elements.SOPClassUID, elements.SOPInstanceUID = CTImageStorage, generate_uid()
        elements.StudyInstanceUID, elements.SeriesInstanceUID, elements.FrameOfReferenceUID = study, series, frame
        for keyword, value in IDENTIFIERS.items():
            setattr(elements, keyword, value)
        elements.PatientSex, elements.StudyDate, elements.StudyTime = "O", "20260102", "030405"
        elements.StudyID, elements.AccessionNumber, elements.ReferringPhysicianName = "1", "A-0815", ""
        elements.PositionReferenceIndicator = ""
        elements.Modality, elements.SeriesNumber = "CT", "3"
        elements.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        elements.InstanceNumber = str(count - z if name == "descending" else z + 1)
        position = grid.points_mm(np.array([[0.0, 0.0, float(z)]]))[0]
        elements.ImagePositionPatient = [round(value, 9) for value in position.tolist()]
        elements.ImageOrientationPatient = [round(float(value), 10) for value in (*rows, *columns)]
        elements.PixelSpacing = [grid.spacing_mm[1], grid.spacing_mm[0]]
        elements.SliceThickness = grid.spacing_mm[2]
        elements.Rows, elements.Columns = grid.size_xyz[1], grid.size_xyz[0]
        elements.SamplesPerPixel, elements.PhotometricInterpretation = 1, "MONOCHROME2"
        elements.BitsAllocated, elements.BitsStored, elements.HighBit, elements.PixelRepresentation = 16, 16, 15, 1
        elements.RescaleIntercept, elements.RescaleSlope, elements.RescaleType = "0", "1", "HU"
        elements.PixelData = np.full(grid.size_xyz[:2], z, np.int16).tobytes()
        for keyword, value in values.items():
            setattr(elements, keyword, value)
        files.append(elements)
    return files


def write_series(folder, files):
    """Write the files of a series under names that say nothing of their order; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for elements in files:
        write_file(folder / f"{elements.SOPInstanceUID[-12:]}.img", elements)
    return folder


def write_file(path, elements):
    """Write a DICOM file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = elements.SOPClassUID, elements.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset("", elements, preamble=b"\0" * 128, file_meta=meta)
    file.save_as(path, implicit_vr=False, little_endian=True, enforce_file_format=True)
