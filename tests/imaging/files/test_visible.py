import pytest

from hnseg.imaging.files.visible import beside, in_any_case, is_visible, visible_in


def test_what_systems_leave_is_no_data(tmp_path):
    for name in ("b.mha", "a.mha", "._a.mha", ".DS_Store"):
        (tmp_path / name).touch()
    for name in ("case", "__MACOSX", ".git"):
        (tmp_path / name).mkdir()
    assert [path.name for path in visible_in(tmp_path)] == ["a.mha", "b.mha", "case"]


def test_a_missing_folder_and_a_file_have_nothing(tmp_path):
    (tmp_path / "file").touch()
    assert visible_in(tmp_path / "none") == visible_in(tmp_path / "file") == []


@pytest.mark.parametrize(
    ("name", "expected"), [("a", True), ("__init__", True), (".a", False), ("__MACOSX", False), ("Thumbs.db", False)]
)
def test_names_are_visible_or_not(name, expected):
    assert is_visible(name) is expected


def test_files_that_are_not_taken_are_found_and_other_folders_as_a_whole(tmp_path):
    for name in ("case/ct.mha", "case/notes.txt", "case/._ct.mha", "other/deep/a.mha", "list.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    others = [str(path.relative_to(tmp_path)) for path in beside(tmp_path, [tmp_path / "case/ct.mha"])]
    assert others == ["case/notes.txt", "list.csv", "other"]


def test_a_file_is_found_with_its_suffix_in_capitals(tmp_path):
    for name in ("a.NII.GZ", "b.nii.gz", "b.NII.GZ", "A.nii.gz"):
        (tmp_path / name).touch()
    for wanted, found in (("a.nii.gz", "a.NII.GZ"), ("b.nii.gz", "b.nii.gz"), ("c.nii.gz", "c.nii.gz")):
        assert in_any_case(tmp_path / wanted) == tmp_path / found
