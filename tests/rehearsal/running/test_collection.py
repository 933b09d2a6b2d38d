"""Outputs as only a container makes them: the copy has regular files, and nothing of this machine."""

import os
import socket
import subprocess
from pathlib import PurePosixPath

import pytest

from hnseg.errors import OutputError
from hnseg.rehearsal.running.collection import MOST_BYTES, MOST_ENTRIES, MOST_LEVELS, Kind, LeftOut, collect_output
from hnseg.rehearsal.running.removal import remove_tree


@pytest.fixture
def source(tmp_path):
    made = tmp_path / "output"
    made.mkdir()
    yield made
    remove_tree(made)  # some are too deep for what clears up after tests


@pytest.fixture
def collect(source, tmp_path):
    """Copy the output, check that the copy is nothing but regular files and folders, and return what was collected."""

    def run():
        collected = collect_output(source, tmp_path / "kept" / "output")
        for path in collected.folder.rglob("*"):
            assert not path.is_symlink()
            assert path.is_file() or path.is_dir()
        found = sorted(path.relative_to(collected.folder) for path in collected.folder.rglob("*") if path.is_file())
        assert list(map(str, collected.files)) == list(map(str, found))
        return collected

    return run


def left_out(collected):
    return {str(entry.path): entry.kind for entry in collected.left_out}


def test_files_are_copied_with_their_content(source, collect):
    (source / "images" / "a").mkdir(parents=True)
    (source / "images" / "a" / "output.mha").write_bytes(b"voxels")
    (source / "answer.json").write_text("1")
    collected = collect()
    assert list(map(str, collected.files)) == ["answer.json", "images/a/output.mha"]
    assert (collected.folder / "images/a/output.mha").read_bytes() == b"voxels"
    assert (collected.left_out, collected.is_complete) == ((), True)


def test_an_empty_output_has_no_files(collect):
    assert collect().files == ()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("/etc/passwd", Kind.LINK_OUT),
        ("../secret", Kind.LINK_OUT),
        ("../../../../../../etc/passwd", Kind.LINK_OUT),
        ("missing", Kind.LINK),
        (".", Kind.LINK),
    ],
)
def test_a_link_out_of_the_output_or_to_no_file_is_left_out(source, collect, tmp_path, target, kind):
    (tmp_path / "secret").write_text("secret")
    (source / "link").symlink_to(target)
    collected = collect()
    assert collected.left_out == (LeftOut(PurePosixPath("link"), kind, target),)
    assert collected.files == ()


def test_a_linked_folder_is_left_out_with_all_that_is_in_it(source, collect, tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.mha").write_text("secret")
    (source / "images").symlink_to(tmp_path / "secret")
    assert left_out(collect()) == {"images": Kind.LINK_OUT}


def test_links_are_told_apart_by_where_the_last_of_them_leads(source, collect):
    (source / "folder").mkdir()
    (source / "folder" / "up").symlink_to("..")
    (source / "to_folder").symlink_to("/output/folder")
    (source / "first").symlink_to("second")
    (source / "second").symlink_to("/opt/app/file")
    expected = {"folder/up": Kind.LINK, "to_folder": Kind.LINK, "first": Kind.LINK_OUT, "second": Kind.LINK_OUT}
    assert left_out(collect()) == expected


def test_links_that_lead_to_each_other_are_left_out(source, collect):
    (source / "a").symlink_to("b")
    (source / "b").symlink_to("a")
    assert left_out(collect()) == {"a": Kind.LINK, "b": Kind.LINK}


@pytest.mark.parametrize("target", ["../real", "/output/real", "../other", "./x/../../real"])
def test_a_link_to_a_file_of_the_output_is_that_file(source, collect, target):
    (source / "real").write_text("content")
    (source / "other").symlink_to("real")
    (source / "folder").mkdir()
    (source / "folder" / "link").symlink_to(target)
    collected = collect()
    assert (collected.folder / "folder" / "link").read_text() == "content"
    assert collected.left_out == ()


def test_hard_links_are_two_files(source, collect):
    (source / "a").write_text("content")
    (source / "b").hardlink_to(source / "a")
    assert list(map(str, collect().files)) == ["a", "b"]


def test_pipes_sockets_and_devices_are_left_out_without_waiting(source, collect, monkeypatch):
    os.mkfifo(source / "fifo")
    monkeypatch.chdir(source)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    expected = {"fifo": Kind.FIFO, "socket": Kind.SOCKET}
    if os.geteuid() == 0:
        os.mknod(source / "zero", 0o666 | 0o020000, os.makedev(1, 5))
        expected["zero"] = Kind.DEVICE
    assert left_out(collect()) == expected


def test_names_are_printable_in_the_copy(source, collect):
    (source / "a\n\x1b[31m").write_text("a")
    (source / "[b] <&\"'> \u00b5").write_text("b")
    assert list(map(str, collect().files)) == ["[b] <&\"'> \u00b5", "a\\n\\x1b[31m"]


def test_a_name_that_is_not_utf_8_is_left_out(source, collect):
    folder = source / os.fsdecode(b"\xff")
    folder.mkdir()
    (folder / "a").touch()
    assert left_out(collect()) == {"\\udcff": Kind.NOT_UTF8}


def test_of_two_files_with_one_printable_name_the_second_is_left_out(source, collect):
    (source / "a\n").write_text("first")
    (source / "a\\n").write_text("second")
    collected = collect()
    assert left_out(collected) == {"a\\n": Kind.UNNAMEABLE}
    assert (collected.folder / "a\\n").read_text() == "first"


def test_a_name_that_is_too_long_in_its_printable_form_is_left_out(source, collect):
    (source / ("\x01" * 255)).touch()
    assert list(left_out(collect()).values()) == [Kind.UNNAMEABLE]


def test_many_levels_end_somewhere(source, collect):
    program = "import os\nfor _ in range(1500):\n os.mkdir('d')\n os.chdir('d')\nopen('file', 'w')"
    subprocess.run(["python3", "-c", program], cwd=source, check=True)
    assert left_out(collect()) == {"/".join("d" * (MOST_LEVELS + 1)): Kind.TOO_DEEP}


def test_a_path_longer_than_the_platform_can_name_is_left_out(source, collect):
    deep = source.joinpath(*["d" * 200] * 6)
    deep.mkdir(parents=True)
    (deep / "file").touch()
    assert list(left_out(collect()).values()) == [Kind.TOO_DEEP]


def test_so_many_files_are_not_all_looked_at(source, collect):
    for number in range(MOST_ENTRIES + 5):
        (source / f"{number}").touch()
    collected = collect()
    assert not collected.is_complete
    assert len(collected.files) == MOST_ENTRIES


def test_a_file_as_large_as_no_disk_is_left_out(source, collect):
    with (source / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    (source / "small").write_text("x")
    collected = collect()
    assert left_out(collected) == {"sparse": Kind.TOO_LARGE}
    assert list(map(str, collected.files)) == ["small"]


def test_holes_of_a_file_take_no_space_in_the_copy(source, collect):
    with (source / "sparse").open("wb") as file:
        file.truncate(200 << 20)
        file.seek(100 << 20)
        file.write(b"x")
    copy = collect().folder / "sparse"
    assert copy.stat().st_size == 200 << 20
    assert copy.stat().st_blocks * 512 <= 2 << 20
    with copy.open("rb") as file:
        file.seek(100 << 20)
        assert file.read(2) == b"x\0"


def test_all_files_together_have_a_bound(source, collect):
    for name in "abc":
        with (source / name).open("wb") as file:
            file.truncate(MOST_BYTES // 2 - (1 << 20) if name == "a" else MOST_BYTES)
    assert left_out(collect()) == {"b": Kind.TOO_LARGE, "c": Kind.TOO_LARGE}


def test_closed_files_and_folders_of_this_user_are_read(source, collect):
    (source / "folder").mkdir()
    (source / "folder" / "file").write_text("x")
    (source / "folder" / "file").chmod(0)
    (source / "folder").chmod(0)
    source.chmod(0)
    assert list(map(str, collect().files)) == ["folder/file"]


def test_a_program_keeps_its_rights_and_not_those_to_run_as_another_user(source, collect):
    (source / "program").write_text("x")
    (source / "program").chmod(0o6777)
    assert (collect().folder / "program").stat().st_mode & 0o7111 == 0


def test_a_copy_that_can_not_be_written_is_refused(source, tmp_path):
    (tmp_path / "kept").write_text("a file")
    with pytest.raises(OutputError, match=r"output must be copied to .* but that failed: Not a directory"):
        collect_output(source, tmp_path / "kept" / "output")
