import pytest

from hnseg.imaging.files.visible import is_visible, visible_in


def test_what_systems_leave_is_no_data(tmp_path):
    for name in ("b.mha", "a.mha", "._a.mha", ".DS_Store"):
        (tmp_path / name).touch()
    for name in ("case", "__MACOSX", ".git"):
        (tmp_path / name).mkdir()
    assert [path.name for path in visible_in(tmp_path)] == ["a.mha", "b.mha", "case"]


def test_a_missing_folder_and_a_file_have_nothing(tmp_path):
    (tmp_path / "file").touch()
    assert visible_in(tmp_path / "none") == visible_in(tmp_path / "file") == []


@pytest.mark.parametrize(("name", "expected"), [("a", True), ("__init__", True), (".a", False), ("__MACOSX", False)])
def test_names_are_visible_or_not(name, expected):
    assert is_visible(name) is expected
