"""Bounded reading, of files of every kind that a folder may hold."""

import os
import socket

import pytest

from hnseg.bounded_files import read_bounded


def test_a_regular_file_is_read_whole(tmp_path):
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert read_bounded(tmp_path / "a") == read_bounded(tmp_path / "link") == b"content"


def test_a_larger_file_is_refused(tmp_path):
    (tmp_path / "a").write_bytes(bytes(1 << 20))
    assert len(read_bounded(tmp_path / "a", most_mib=1)) == 1 << 20
    (tmp_path / "a").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(OSError, match="Larger than 1 MiB"):
        read_bounded(tmp_path / "a", most_mib=1)


def test_a_sparse_file_of_a_terabyte_takes_no_memory(tmp_path):
    with (tmp_path / "a").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match="Larger than 16 MiB"):
        read_bounded(tmp_path / "a")


def test_nobody_waits_for_a_pipe_a_device_or_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        for path in (tmp_path / "pipe", tmp_path / "socket", tmp_path):
            with pytest.raises(OSError):  # noqa: PT011 (another number for each kind)
                read_bounded(path)
    with pytest.raises(OSError, match="Not a regular file"):
        read_bounded(tmp_path / "pipe")


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none")
