import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import Dataset, dcmread

from hnseg.dicom.structure_set.reading import read_structure_set
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL, headers_of, write_file
from tests.support.outlined_structures import NAMES
from tests.support.structure_set_files import write_case, write_set


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("case")
    write_case(folder, AXIAL)
    series, _ = write_set(folder, sitk.ReadImage(str(folder / "map.mha")), NAMES)
    return folder / "rs.dcm", series


def spoiled(written, tmp_path, change):
    """Write a structure set in which something was changed; return its path."""
    elements = dcmread(written[0])
    change(elements)
    elements.save_as(tmp_path / "rs.dcm")
    return tmp_path / "rs.dcm"


def with_points(text):
    def change(elements):
        elements.ROIContourSequence[0].ContourSequence[0].ContourData = text

    return change


def test_structures_have_numbers_names_and_contours(written):
    found = read_structure_set(written[0])
    assert {each.number: each.name for each in found.structures} == NAMES
    assert found.series_uids == (written[1].uid,)
    assert found.structures[0].frame_of_reference_uid == written[1].frame_of_reference_uid
    assert [len(each.contours) for each in found.structures] == [5, 10, 10, 1, 10, 5, 5]
    assert found.structures[6].contours[0].points_mm.shape == (4, 3)


def test_a_structure_that_was_never_drawn_has_no_contours(written, tmp_path):
    path = spoiled(written, tmp_path, lambda elements: elements.ROIContourSequence.pop(0))
    assert read_structure_set(path).structures[0].contours == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda elements: delattr(elements, "StructureSetROISequence"), "it holds no structures"),
        (lambda elements: elements.StructureSetROISequence.append(elements.StructureSetROISequence[0]), "two of its"),
        (lambda elements: delattr(elements.StructureSetROISequence[0], "ROINumber"), "it has no ROINumber"),
        (with_points(["1", "2"]), "a contour has 2 coordinates, not three for each point"),
        (with_points(["1", "2", "1e300"]), "a contour has a point that is not within a kilometre"),
    ],
)
def test_what_is_no_structure_set_is_refused(written, tmp_path, change, reason):
    with pytest.raises(InputError, match=f"must be a whole RTSTRUCT, but .* can't be read as one: {reason}"):
        read_structure_set(spoiled(written, tmp_path, change))


@pytest.mark.parametrize(
    ("number", "reason"),
    [(b"nan", "a contour has a point that is not within"), (b"xxx", "a contour has a coordinate that is not a number")],
)
def test_coordinates_that_are_no_numbers_are_refused(written, tmp_path, number, reason):
    path = tmp_path / "rs.dcm"
    content = written[0].read_bytes()
    place = content.index(b"\\-101.3")
    path.write_bytes(content[: place + 1] + number + b"   " + content[place + 7 :])
    with pytest.raises(InputError, match=reason):
        read_structure_set(path)


def test_a_missing_file_another_object_and_no_dicom_are_refused(tmp_path):
    with pytest.raises(InputError, match="there is no such file"):
        read_structure_set(tmp_path / "none.dcm")
    (tmp_path / "text.dcm").write_text("x" * 500)
    with pytest.raises(InputError, match="it is not a DICOM file"):
        read_structure_set(tmp_path / "text.dcm")
    write_file(tmp_path / "ct.dcm", headers_of(AXIAL)[0])
    with pytest.raises(InputError, match="it holds no structures"):
        read_structure_set(tmp_path / "ct.dcm")


def test_a_file_larger_than_any_structure_set_is_not_read(written, tmp_path):
    path = tmp_path / "rs.dcm"
    path.write_bytes(written[0].read_bytes())
    with path.open("r+b") as file:
        file.truncate((1 << 29) + 1)  # a hole on the disk
    with pytest.raises(InputError, match="it is larger than 512 MiB"):
        read_structure_set(path)


def refusal_of(path):
    """Return why a file is refused; empty where it is read."""
    try:
        read_structure_set(path)
    except InputError as error:
        return str(error)
    return ""


def test_a_file_cut_anywhere_is_refused_with_a_sentence_that_names_nobody(written, tmp_path):
    content = written[0].read_bytes()
    path = tmp_path / "rs.dcm"
    for end in np.linspace(140, len(content) - 1500, 60).astype(int).tolist():
        path.write_bytes(content[:end])
        reason = refusal_of(path)
        assert "must be a whole RTSTRUCT" in reason
        assert "Lastname" not in reason


def test_bytes_changed_at_random_are_read_or_refused_with_a_sentence(written, tmp_path):
    rng = np.random.default_rng(3)
    content = np.frombuffer(written[0].read_bytes(), np.uint8)
    path = tmp_path / "rs.dcm"
    for _ in range(60):
        changed = content.copy()
        changed[rng.integers(132, len(content), 20)] = rng.integers(0, 256, 20)
        path.write_bytes(changed.tobytes())
        assert "Lastname" not in refusal_of(path)


def test_sequences_without_an_end_are_refused(written, tmp_path):
    nested = b"\x06\x30\x39\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path = tmp_path / "rs.dcm"
    path.write_bytes(written[0].read_bytes() + nested * 20_000)
    assert "it is cut off or damaged" in refusal_of(path)


def test_more_items_than_any_structure_set_has_are_not_read(written, tmp_path):
    path = tmp_path / "rs.dcm"
    path.write_bytes(written[0].read_bytes() + b"\xfe\xff\x00\xe0\0\0\0\0" * 1_000_001)
    assert "it has over 1000000 items" in refusal_of(path)


def test_blanks_around_numbers_are_read_over(written, tmp_path):
    path = tmp_path / "rs.dcm"
    content = written[0].read_bytes()
    place = content.index(b"\\-101.3")
    path.write_bytes(content[: place + 1] + b" -101 " + content[place + 7 :])
    assert read_structure_set(path).structures[0].contours[0].points_mm[0, 2] == -101


def test_an_empty_item_is_a_structure_without_points(written, tmp_path):
    path = spoiled(written, tmp_path, lambda elements: elements.ROIContourSequence[0].ContourSequence.append(Dataset()))
    assert read_structure_set(path).structures[0].contours[-1].points_mm.shape == (0, 3)
