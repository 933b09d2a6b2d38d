import pytest

from hnseg.dicom.series.image_file import read_image_file
from hnseg.errors import HeaderError
from tests.support.dicom_series import AXIAL, GRIDS, headers_of, write_file


@pytest.fixture
def one(tmp_path):
    """Return a function that writes one image with other values than usual, and its path."""

    def write(name="axial", **values):
        elements = headers_of(GRIDS[name], name=name)[2]
        for keyword, value in values.items():
            if value is None:
                delattr(elements, keyword)
            else:
                setattr(elements, keyword, value)
        write_file(tmp_path / "one", elements)
        return tmp_path / "one"

    return write


def test_an_image_knows_its_place(one):
    image = read_image_file(one("sagittal"))
    assert image.plane.along_row == (0, 1, 0)
    assert image.plane.along_column == (0, 0, -1)
    assert image.plane.position_mm == pytest.approx((-31.5 - 6, 12.25, -107.3))
    assert image.plane.size == (40, 36)
    assert (image.modality, image.series_number, image.instance_number, image.frames) == ("CT", "3", "3", 1)
    assert read_image_file(one("non-square")).plane.spacing_mm == (0.9765625, 1.6)


def test_an_object_without_pixels_is_no_image(one):
    assert read_image_file(one(Rows=None, Columns=None, PixelData=None)) is None


def test_a_localiser_and_a_screenshot_are_known(one):
    assert read_image_file(one(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])).is_localiser
    screenshot = read_image_file(one(ImagePositionPatient=None, ImageOrientationPatient=None))
    assert (screenshot.plane, screenshot.problem) == (None, "")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"PixelSpacing": [0, 1]}, "its PixelSpacing is 0 x 1 mm"),
        ({"PixelSpacing": [-1, 1]}, "its PixelSpacing is -1 x 1 mm"),
        ({"PixelSpacing": None}, "it has no PixelSpacing"),
        ({"PixelSpacing": [1]}, "its PixelSpacing has 1 values, not 2"),
        ({"ImagePositionPatient": [0, 0, 1e9]}, "its ImagePositionPatient is over 100 m away"),
        ({"ImagePositionPatient": [0, 0]}, "its ImagePositionPatient has 2 values, not 3"),
        ({"ImageOrientationPatient": [1, 0, 0, 1, 0, 0]}, "its ImageOrientationPatient is not two directions"),
        ({"ImageOrientationPatient": [0] * 6}, "its ImageOrientationPatient is not two directions"),
        ({"ImageOrientationPatient": None}, "it has no ImageOrientationPatient"),
    ],
    ids=str,
)
def test_what_is_wrong_with_a_plane_is_told(one, values, problem):
    image = read_image_file(one(**values))
    assert image.plane is None
    assert image.problem.startswith(problem)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"SeriesInstanceUID": None}, "it has no SeriesInstanceUID"),
        ({"PixelData": b"\0\0"}, "it ends before its pixels do"),
        ({"PixelData": None}, "it ends before its pixels do"),
        ({"BitsAllocated": None}, "it has no BitsAllocated"),
        ({"Rows": 0}, "its Rows is 0"),
    ],
    ids=str,
)
def test_a_file_that_lacks_what_every_image_has_is_refused(one, values, problem):
    with pytest.raises(HeaderError, match=problem):
        read_image_file(one(**values))


def told_of(path):
    """Return the image of a file, or why it is refused."""
    try:
        return read_image_file(path)
    except HeaderError as error:
        return str(error)


def test_a_file_cut_anywhere_is_refused_or_no_image(one):
    path = one()
    content = path.read_bytes()
    for end in range(140, len(content), 97):
        path.write_bytes(content[:end])
        found = told_of(path)
        assert found is None or isinstance(found, str)
        assert "Lastname" not in str(found)


def test_a_wrong_value_representation_is_a_sentence(one):
    path = one()
    content = path.read_bytes()
    for before, after in ((b"DS", b"SQ"), (b"UI", b"SQ"), (b"US", b"FD"), (b"DS", b"XX"), (b"CS", b"OB")):
        path.write_bytes(content.replace(before, after))
        found = told_of(path)
        assert found is None or isinstance(found, str) or found.problem or found.plane.size == AXIAL.size_xyz[:2]
