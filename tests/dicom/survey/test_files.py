from pydicom.uid import BasicTextSRStorage, SegmentationStorage

from hnseg.dicom.survey.files import sorted_files
from tests.support.dicom_series import AXIAL, headers_of, write_series


def test_files_are_sorted_by_what_they_are(tmp_path):
    write_series(tmp_path / "a", headers_of(AXIAL))
    report = headers_of(AXIAL, SOPClassUID=BasicTextSRStorage)[:1]
    del report[0].Rows, report[0].Columns, report[0].PixelData
    write_series(tmp_path / "b", report)
    (tmp_path / "notes.txt").write_text("x")
    found = sorted_files(tmp_path)
    assert [len(images) for images in found.images.values()] == [9]
    assert (found.others, found.structure_sets, found.damage) == (2, [], [])


def test_a_flood_of_items_is_damage_in_a_moment(tmp_path):
    items = b"\xfe\xff\x00\xe0\xff\xff\xff\xff\xfe\xff\x0d\xe0\0\0\0\0" * 200_000
    folder = write_series(tmp_path, headers_of(AXIAL)[:1])
    (path,) = folder.iterdir()
    content = path.read_bytes()
    sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + items
    path.write_bytes(content[:350] + sequence + content[350:])
    (damage,) = sorted_files(tmp_path).damage
    assert (damage.reason, damage.count) == ("it has over 100000 items", 1)


def test_a_header_that_is_cut_off_is_damage(tmp_path):
    folder = write_series(tmp_path, headers_of(AXIAL)[:2])
    path = next(folder.iterdir())
    path.write_bytes(path.read_bytes()[:500])
    (damage,) = sorted_files(tmp_path).damage
    assert damage.reason == "it ends before its image"


def test_a_segmentation_of_many_items_is_left_alone(tmp_path):
    items = b"\xfe\xff\x00\xe0\xff\xff\xff\xff\xfe\xff\x0d\xe0\0\0\0\0" * 120_000
    folder = write_series(tmp_path, headers_of(AXIAL, SOPClassUID=SegmentationStorage)[:1])
    (path,) = folder.iterdir()
    content = path.read_bytes()
    path.write_bytes(content[:350] + b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" + items + content[350:])
    found = sorted_files(tmp_path)
    assert (found.others, dict(found.images), found.damage) == (1, {}, [])
