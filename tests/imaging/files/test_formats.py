import pytest

from hnseg.imaging.files.formats import FORMATS, MOUNTED, NOT_COLLECTED, READ, WRITTEN, images_in, stem_of


def test_each_use_has_its_suffixes():
    assert set(MOUNTED) == {".mha", ".tif", ".tiff", ".nii.gz", ".nrrd"}
    assert set(NOT_COLLECTED) == {".nii.gz", ".nii", ".nrrd"}
    assert set(WRITTEN) == {".mha", ".nii.gz", ".nii", ".nrrd"}
    assert set(READ) == {*MOUNTED, *NOT_COLLECTED, *WRITTEN, ".mhd"}


def test_each_suffix_is_there_once():
    assert len({one.suffix for one in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("suffix", READ)
def test_a_stem_is_the_name_without_its_whole_suffix(suffix):
    assert stem_of(f"case.1{suffix}") == "case.1"


@pytest.mark.parametrize("name", ["case.json", "case", "case.NII.GZ", "mha"])
def test_another_name_is_its_own_stem(name):
    assert stem_of(name) == name


def test_images_are_the_visible_files_of_known_suffix_by_name(tmp_path):
    for name in ("b.mha", "a.nii.gz", ".c.mha", "notes.txt", "x.json"):
        (tmp_path / name).touch()
    (tmp_path / "folder.mha").mkdir()
    assert [path.name for path in images_in(tmp_path)] == ["a.nii.gz", "b.mha"]


def test_a_missing_folder_has_no_images(tmp_path):
    assert images_in(tmp_path / "none") == []
