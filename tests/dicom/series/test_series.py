from itertools import product

import highdicom
import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from hnseg.dicom.series.image_file import read_image_file
from hnseg.dicom.series.series import series_of
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid
from tests.support.dicom_series import AXIAL, GRIDS, IDENTIFIERS, headers_of, write_series


def read(tmp_path, files):
    folder = write_series(tmp_path / "series", files)
    return series_of([read_image_file(path) for path in sorted(folder.iterdir())], folder)


@pytest.mark.parametrize("name", GRIDS)
def test_the_grid_is_that_of_itk_and_of_highdicom(name, tmp_path):
    series = read(tmp_path, headers_of(GRIDS[name], name=name))
    assert series.grid.matches(GRIDS[name])
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(each.path) for each in series.slices])
    assert Grid.of(reader.Execute()).distance_mm(series.grid) < 1e-4
    volume = highdicom.get_volume_from_series([dcmread(each.path) for each in series.slices])
    corners = np.array(list(product(*[(0, count - 1) for count in volume.spatial_shape])))
    theirs = volume.map_indices_to_reference(corners)
    assert set(map(tuple, theirs.round(6))) == set(map(tuple, series.grid.corners_mm().round(6)))


def test_slices_stand_in_the_order_of_their_places_whatever_their_names_and_numbers(tmp_path):
    files = headers_of(AXIAL, name="descending")
    series = read(tmp_path, files)
    assert [each.sop_instance_uid for each in series.slices] == [each.SOPInstanceUID for each in files]
    assert series.frame_of_reference_uid == files[0].FrameOfReferenceUID
    assert (series.modality, series.uid, series.study_uid) == (
        "CT",
        files[0].SeriesInstanceUID,
        files[0].StudyInstanceUID,
    )


def test_places_that_are_rounded_are_still_even(tmp_path):
    files = headers_of(AXIAL)
    for z, elements in enumerate(files):
        elements.ImagePositionPatient[2] = round(-107.3 + z * 3 + (0.05 if z % 2 else -0.05), 2)
    assert read(tmp_path, files).grid.is_close_to(AXIAL)


def moved(files, place, **shift):
    position = files[place].ImagePositionPatient
    for axis, mm in shift.items():
        position["xyz".index(axis)] = float(position["xyz".index(axis)]) + mm
    return files


def tilted(files):
    for z in range(len(files)):
        moved(files, z, y=0.8 * z)
    return files


def uneven(files):
    for z in range(5, len(files)):
        moved(files, z, z=1.2 * (z - 4))
    return files


def changed(files, z, **values):
    for keyword, value in values.items():
        setattr(files[z], keyword, value)
    return files


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (
            lambda files: files[:4] + files[6:],
            r"of the 7 slices in .*, 3 mm apart, 2 are missing, the first after that at",
        ),
        (lambda files: [*files, *headers_of(AXIAL)[3:4]], "1 of the 10 in .* lie where another one does"),
        (lambda files: moved(files, 4, z=1.0), "those in .* are 2 to 4 mm apart"),
        (uneven, "those in .* are 3 to 4.2 mm apart"),
        (tilted, r"displaced by up to 6.4 mm, 14.9 degrees in all. Was the gantry tilted\?"),
        (lambda files: moved(files, 3, x=0.5), "displaced by up to 0.5 mm, 0.0 degrees in all"),
        (lambda files: changed(files, 3, Rows=18), "the 9 in .* have several sizes"),
        (lambda files: changed(files, 3, PixelSpacing=[1, 1]), "have several pixel spacings"),
        (lambda files: changed(files, 3, ImageOrientationPatient=[0, 1, 0, 0, 0, 1]), "have several orientations"),
        (lambda files: changed(files, 3, FrameOfReferenceUID="1.2"), "have several frames of reference"),
        (
            lambda files: changed(files, 3, NumberOfFrames=1, PixelSpacing=[0, 0]),
            "of image 4 in .* its PixelSpacing is 0",
        ),
        (lambda files: files[:1], "at least two slices, but there is one"),
    ],
)
def test_what_is_not_the_slices_of_one_volume_is_refused_with_a_sentence(spoil, sentence, tmp_path):
    files = spoil(headers_of(AXIAL))
    for elements in files:
        elements.SeriesInstanceUID = "1.2.3"
        elements.FrameOfReferenceUID = elements.FrameOfReferenceUID if elements.FrameOfReferenceUID == "1.2" else "1.3"
    with pytest.raises(InputError, match=sentence) as told:
        read(tmp_path, files)
    assert not any(value in str(told.value) for value in IDENTIFIERS.values())


def test_a_series_without_a_frame_of_reference_is_refused(tmp_path):
    files = headers_of(AXIAL)
    for elements in files:
        del elements.FrameOfReferenceUID
    with pytest.raises(InputError, match="must have a frame of reference, to which contours refer"):
        read(tmp_path, files)


def test_multi_frame_files_are_refused(tmp_path):
    files = headers_of(AXIAL, NumberOfFrames="2", PixelData=bytes(2 * 2 * 40 * 36))
    with pytest.raises(InputError, match="holds 2 frames"):
        read(tmp_path, files)
