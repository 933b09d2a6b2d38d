"""Removal of folders as only a container makes them."""

import os
import socket
import subprocess

import pytest

from hnseg.rehearsal.running.removal import remove_tree


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "folder"
    made.mkdir()
    return made


def test_two_thousand_levels_are_removed(folder):
    # The whole path is longer than a path may be, so each level is made from the one above.
    program = "import os\nfor _ in range(2000):\n os.mkdir('d' * 100)\n os.chdir('d' * 100)\nopen('file', 'w')"
    subprocess.run(["python3", "-c", program], cwd=folder, check=True)
    remove_tree(folder)
    assert not folder.exists()


def test_every_kind_of_entry_is_removed_and_no_link_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    (folder / "to folder").symlink_to(outside)
    (folder / "to file").symlink_to(outside / "mine")
    (folder / "loop").symlink_to("loop")
    os.mkfifo(folder / "fifo")
    (folder / os.fsdecode(b"\xff\n")).mkdir()
    (folder / "deep").mkdir()
    (folder / "deep" / "up").symlink_to("..")
    with socket.socket(socket.AF_UNIX) as made, pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made.bind("socket")
    remove_tree(folder)
    assert not folder.exists()
    assert (outside / "mine").read_text() == "mine"


def test_closed_folders_are_removed(folder):
    (folder / "a" / "b" / "c").mkdir(parents=True)
    (folder / "a" / "b" / "c" / "file").write_text("x")
    for closed in ("a/b/c", "a/b", "a", ""):
        (folder / closed).chmod(0)
    remove_tree(folder)
    assert not folder.exists()


def test_a_folder_that_does_not_exist_or_is_a_link_is_left_alone(folder, tmp_path):
    remove_tree(tmp_path / "nothing")
    (tmp_path / "link").symlink_to(folder)
    (folder / "mine").touch()
    remove_tree(tmp_path / "link")
    assert (folder / "mine").exists()
    assert folder.stat().st_mode & 0o777 != 0o700
