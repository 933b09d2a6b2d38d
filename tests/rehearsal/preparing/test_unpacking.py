import io
import tarfile
from pathlib import Path

import pytest

from hnseg.errors import ModelError
from hnseg.rehearsal.preparing.unpacking import unpack_model


@pytest.fixture(params=["with filters", "without"])
def python(request, monkeypatch):
    """Python's own filter, where it has one, and a Python without, such as that of Debian 12."""
    if request.param == "without":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
        trusting = staticmethod(lambda entry, _: entry)  # as a Python without filters unpacks
        monkeypatch.setattr(tarfile.TarFile, "extraction_filter", trusting, raising=False)
    elif not hasattr(tarfile, "data_filter"):
        pytest.skip("this Python has no filters")


def member(name, *, kind=tarfile.REGTYPE, link="", mode=0o600):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, link, mode
    entry.size = 2 if kind == tarfile.REGTYPE else 0
    return entry


def archive(folder, *members):
    path = folder / "model.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for entry in members:
            tar.addfile(entry, io.BytesIO(b"{}"))
    return path


def unpacked(folder, *members):
    """Folder into which these members were unpacked."""
    model = folder / "model"
    model.mkdir()
    unpack_model(archive(folder, *members), model)
    return model


HOSTILE = {
    "above": [member("../x")],
    "above by a detour": [member("a/../../x")],
    "absolute, above": [member("/../x")],
    "link to an absolute path": [member("x", kind=tarfile.SYMTYPE, link="/etc/passwd")],
    "link above": [member("x", kind=tarfile.SYMTYPE, link="../y")],
    "link above from a folder": [member("a/x", kind=tarfile.SYMTYPE, link="../../y")],
    "through links that are harmless alone": [
        member("a/b", kind=tarfile.DIRTYPE, mode=0o755),
        member("c", kind=tarfile.SYMTYPE, link="a/b"),
        member("a/b/up", kind=tarfile.SYMTYPE, link="../.."),
        member("c/up/../x"),
    ],
    "hard link above": [member("x", kind=tarfile.LNKTYPE, link="../y")],
    "hard link to an absolute path": [member("x", kind=tarfile.LNKTYPE, link="/etc/passwd")],
    "pipe": [member("x", kind=tarfile.FIFOTYPE)],
    "character device": [member("x", kind=tarfile.CHRTYPE)],
    "block device": [member("x", kind=tarfile.BLKTYPE)],
}


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE)
def test_what_leads_out_of_the_folder_or_is_no_file_is_refused_as_on_the_platform(tmp_path, members):
    with pytest.raises(ModelError, match=r"Could not set up model: model\.tar\.gz must be a \.tar\.gz without"):
        unpacked(tmp_path, *members)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "model.tar.gz"]


@pytest.mark.usefixtures("python")
def test_links_inside_and_absolute_names_end_up_below_the_folder(tmp_path):
    model = unpacked(
        tmp_path,
        member("fold_0/plans.json"),
        member("/fold_1.json"),
        member("latest", kind=tarfile.SYMTYPE, link="fold_0/plans.json"),
        member("fold_0/again.json", kind=tarfile.LNKTYPE, link="fold_0/plans.json"),
    )
    assert sorted(str(path.relative_to(model)) for path in model.rglob("*.json")) == [
        "fold_0/again.json",
        "fold_0/plans.json",
        "fold_1.json",
    ]
    assert (model / "latest").read_bytes() == (model / "fold_0/again.json").read_bytes() == b"{}"
    assert (model / "latest").readlink() == Path("fold_0/plans.json")


@pytest.mark.usefixtures("python")
def test_rights_of_another_user_are_not_taken_over(tmp_path):
    model = unpacked(tmp_path, member("program", mode=0o6755))
    assert (model / "program").stat().st_mode & 0o7000 == 0


@pytest.mark.usefixtures("python")
def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "model.zip"
    path.write_bytes(b"PK")
    with pytest.raises(ModelError, match=r"Could not set up model: model\.zip must be a \.tar\.gz"):
        unpack_model(path, tmp_path)


@pytest.mark.usefixtures("python")
def test_an_archive_that_is_damaged_in_the_middle_is_refused(tmp_path):
    path = tmp_path / "model.tar.gz"
    (tmp_path / "weights").write_text(" ".join(map(str, range(100_000))))
    with tarfile.open(path, "w:gz") as tar:
        tar.add(tmp_path / "weights", arcname="weights")
    whole = path.read_bytes()
    path.write_bytes(whole[:100_000] + bytes([255] * 100) + whole[100_100:])
    (tmp_path / "model").mkdir()
    with pytest.raises(ModelError, match="Could not set up model"):
        unpack_model(path, tmp_path / "model")
