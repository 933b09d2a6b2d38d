import pytest

from hnseg.imaging.files.formats import (
    FORMATS,
    MOUNTED,
    NOT_COLLECTED,
    READ,
    WRITTEN,
    has_suffix,
    images_in,
    stem_of,
    suffix_of,
)


def test_each_use_has_its_own_formats():
    assert READ == (".mha", ".mhd", ".nii.gz", ".nii", ".nrrd")
    assert MOUNTED == (".mha", ".tif", ".tiff", ".nii.gz", ".nrrd")
    assert NOT_COLLECTED == (".nii.gz", ".nii", ".nrrd")
    assert WRITTEN == (".mha", ".nii.gz", ".nii", ".nrrd")


def test_each_suffix_is_there_once():
    assert len({one.suffix for one in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("suffix", READ)
def test_a_stem_is_the_name_without_its_whole_suffix(suffix):
    assert stem_of(f"case.1{suffix}") == "case.1"


@pytest.mark.parametrize("name", ["case.json", "case", "case.gz", "mha"])
def test_another_name_is_its_own_stem(name):
    assert stem_of(name) == name


@pytest.mark.parametrize(
    ("name", "stem"), [("7.seg.nrrd", "7.seg"), ("7.mha.mha", "7.mha"), ("7.nii.nii.gz", "7.nii"), ("7.NII.GZ", "7")]
)
def test_a_stem_has_lost_one_suffix_only(name, stem):
    assert stem_of(name) == stem


def test_images_are_the_visible_files_of_known_suffix_by_name(tmp_path):
    for name in ("b.MHA", "a.nii.gz", ".c.mha", "notes.txt", "a.mha.json"):
        (tmp_path / name).touch()
    (tmp_path / "folder.mha").mkdir()
    assert [path.name for path in images_in(tmp_path)] == ["a.nii.gz", "b.MHA"]


def test_a_missing_folder_has_no_images(tmp_path):
    assert images_in(tmp_path / "none") == []


def test_suffixes_are_compared_in_any_case():
    assert has_suffix("a.NII.GZ")
    assert has_suffix("a.Tif")
    assert not has_suffix("a.nii.gz", (".mha",))
    assert (suffix_of("a.NII.GZ"), suffix_of("a.nii"), suffix_of("a.hdr")) == (".nii.gz", ".nii", "")
