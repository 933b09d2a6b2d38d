"""Folders that verbs fill: nothing in them is lost."""

import pytest

from hnseg.errors import OutputError
from hnseg.imaging.files.output_folders import added_files, check_replaceable


def add(folder, files):
    """Add files with a text to a folder, by their paths in it."""
    with added_files(folder) as provisional:
        for path, text in files.items():
            (provisional / path).parent.mkdir(parents=True, exist_ok=True)
            (provisional / path).write_text(text)


def contents(folder):
    """Return the text of each file below a folder, hidden ones too."""
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_are_added_to_what_is_there(tmp_path):
    add(tmp_path / "new" / "set", {"case_1/a.txt": "1"})
    add(tmp_path / "new" / "set", {"case_2/a.txt": "2", "case_1/a.txt": "1"})
    assert contents(tmp_path) == {"new/set/case_1/a.txt": "1", "new/set/case_2/a.txt": "2"}
    assert [path.name for path in (tmp_path / "new" / "set").iterdir() if path.name.startswith(".")] == []


def test_nothing_is_replaced_by_another_content_and_nothing_is_added_then(tmp_path):
    add(tmp_path, {"case_1/b.txt": "patient"})
    with pytest.raises(OutputError, match=r"No file must be replaced, but .*case_1/b\.txt is there with another"):
        add(tmp_path, {"case_1/a.txt": "phantom", "case_1/b.txt": "phantom"})
    assert contents(tmp_path) == {"case_1/b.txt": "patient"}


def test_a_sockets_folder_never_gets_a_second_image(tmp_path):
    add(tmp_path, {"case_1/input/images/ct/one.mha": "seed 1"})
    with pytest.raises(OutputError, match=r"must hold one image, but .*images/ct has one\.mha already"):
        add(tmp_path, {"case_1/input/images/ct/two.mha": "seed 2"})
    assert contents(tmp_path) == {"case_1/input/images/ct/one.mha": "seed 1"}


def test_a_table_is_there_to_be_continued(tmp_path):
    add(tmp_path, {"set/table.csv": "row 1\n"})
    with added_files(tmp_path) as provisional:
        table = provisional / "set" / "table.csv"
        table.write_text(table.read_text() + "row 2\n")
    assert contents(tmp_path) == {"set/table.csv": "row 1\nrow 2\n"}


def test_a_failure_leaves_all_as_it_was(tmp_path):
    def fail():
        with added_files(tmp_path) as provisional:
            (provisional / "table.csv").write_text("half")
            raise ZeroDivisionError

    (tmp_path / "table.csv").write_text("whole")
    with pytest.raises(ZeroDivisionError):
        fail()
    assert contents(tmp_path) == {"table.csv": "whole"}


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("whole")
    for folder in (tmp_path / "file", tmp_path / "file" / "set"):
        with pytest.raises(OutputError, match=f"The folder {folder} must be writable, but writing there failed: "):
            add(folder, {"a": "1"})
    assert contents(tmp_path) == {"file": "whole"}


def test_results_of_an_earlier_run_may_be_replaced(tmp_path):
    check_replaceable(tmp_path / "new", names=(), inputs=[])
    add(tmp_path, {"case/output/map.mha": "", "case/log.txt": ""})
    check_replaceable(tmp_path / "case", names=("output", "log.txt"), inputs=[tmp_path / "model"])


def test_a_folder_with_anything_else_is_not_replaced(tmp_path):
    add(tmp_path, {"case/output/map.mha": "", "case/notes.txt": ""})
    with pytest.raises(OutputError, match=r"replace those of an earlier run, but .*case also holds notes\.txt\. Name"):
        check_replaceable(tmp_path / "case", names=("output",), inputs=[])


@pytest.mark.parametrize("given", ["case", "case/input", "."])
def test_a_folder_that_is_read_is_not_replaced(tmp_path, given):
    add(tmp_path, {"case/input/a.mha": ""})
    (tmp_path / "link").symlink_to("case")
    for folder in ("case", "link"):
        with pytest.raises(OutputError, match="The results must not replace an input, but they would be written to"):
            check_replaceable(tmp_path / folder, names=("input",), inputs=[tmp_path / given])


def test_a_link_is_not_removed(tmp_path):
    add(tmp_path, {"case/a": ""})
    (tmp_path / "link").symlink_to("case")
    for name in ("link", "case/a"):
        with pytest.raises(OutputError, match=r"but .* is a file or a link"):
            check_replaceable(tmp_path / name, names=("a",), inputs=[])
