import pytest

from hnseg.imaging.files.formats import MOUNTED, NOT_COLLECTED, READ, WRITTEN, images_in, stem_of


def test_each_use_has_its_own_formats():
    assert READ == (".mha", ".mhd", ".tif", ".tiff", ".nii.gz", ".nii", ".nrrd")
    assert MOUNTED == (".mha", ".tif", ".tiff", ".nii.gz", ".nrrd")
    assert NOT_COLLECTED == (".nii.gz", ".nii", ".nrrd")
    assert WRITTEN == (".mha", ".nii.gz", ".nii", ".nrrd")


def test_images_of_a_folder_are_its_visible_files_of_a_known_format(tmp_path):
    for name in ("b.nii.gz", "a.mha", "._a.mha", "notes.txt", "a.mha.json"):
        (tmp_path / name).touch()
    (tmp_path / "folder.mha").mkdir()
    assert [path.name for path in images_in(tmp_path)] == ["a.mha", "b.nii.gz"]
    assert images_in(tmp_path / "nowhere") == []


@pytest.mark.parametrize(
    ("name", "stem"),
    [("7.nii.gz", "7"), ("7.nii", "7"), ("7.seg.nrrd", "7.seg"), ("7.gz", "7.gz"), ("7.mha.mha", "7.mha")],
)
def test_a_stem_has_lost_one_image_suffix(name, stem):
    assert stem_of(name) == stem
