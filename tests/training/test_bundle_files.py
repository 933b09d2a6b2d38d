"""Files of a bundle: their checksums, and the archive of them."""

import hashlib
import tarfile

import pytest

from hnseg_training.bundle_files import READABLE, checksums, write_archive

CONTENT = {"plans.json": b"{}", "manifest.json": b"[]", "previous/manifest.json": b"1"}


@pytest.fixture
def bundle(tmp_path):
    for name, content in CONTENT.items():
        (tmp_path / "bundle" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "bundle" / name).write_bytes(content)
    return tmp_path / "bundle"


def test_the_same_files_give_the_same_archive(bundle, tmp_path):
    archives = [tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"]
    for archive in archives:
        (bundle / "plans.json").touch()  # another date
        write_archive(bundle, archive)
    assert archives[0].read_bytes() == archives[1].read_bytes()


def test_an_archive_has_every_file_readable_and_nobody_s(bundle, tmp_path):
    write_archive(bundle, tmp_path / "bundle.tar.gz")
    with tarfile.open(tmp_path / "bundle.tar.gz") as tar:
        assert {member.name[2:]: tar.extractfile(member).read() for member in tar} == CONTENT
        assert {(member.mode, member.uid, member.mtime) for member in tar} == {(0o644, 0, 0)}


def test_checksums_leave_out_the_manifest_that_lists_them_alone(bundle):
    expected = {
        name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items() if name != "manifest.json"
    }
    assert checksums(bundle) == expected


def test_everybody_may_read_a_file_of_a_bundle_and_its_owner_alone_may_write():
    assert oct(READABLE) == "0o644"
