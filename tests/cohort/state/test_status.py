import hashlib
import os

import pytest

from hnseg.cohort.state.status import FileStamp


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "image.mha"
    path.write_bytes(b"voxels")
    return path


def test_a_stamp_holds_the_checksum(file):
    assert FileStamp.of(file).sha256 == hashlib.sha256(b"voxels").hexdigest()


def test_an_unchanged_file_is_not_read_again(file):
    stamp = FileStamp.of(file)
    told = stamp.model_copy(update={"sha256": "as told"})
    assert FileStamp.of(file, told) == told


def test_a_file_of_the_same_size_and_time_is_read_again(file):
    stamp = FileStamp.of(file)
    file.write_bytes(b"VOXELS")
    os.utime(file, ns=(stamp.mtime_ns, stamp.mtime_ns))
    assert FileStamp.of(file, stamp).sha256 == hashlib.sha256(b"VOXELS").hexdigest()
