"""Containers of torch's files: tensors are mapped, other objects harmless, and damage is found."""

import argparse
import collections
import datetime as dt
import pathlib
import zipfile

import numpy as np
import pytest
import torch

from hnseg.errors import ModelError
from hnseg.inference.model.checkpoints.inert_pickle import Placeholder
from hnseg.inference.model.checkpoints.torch_file import read_torch_file
from hnseg.inference.model.weights import checkpoint_content, read_checkpoint

TENSORS = {
    "float": torch.arange(12.0).reshape(3, 4),
    "a view": torch.arange(12.0).reshape(3, 4).t()[1:, ::2],
    "bfloat16": torch.ones(3, dtype=torch.bfloat16),
    "int64": torch.tensor(3),
    "bool": torch.tensor([True, False]),
    "complex": torch.tensor([1j]),
    "empty": torch.zeros(0, 3),
    "a parameter": torch.nn.Parameter(torch.ones(2)),
    "channels last": torch.randn(2, 3, 2, 2, 2).contiguous(memory_format=torch.channels_last_3d),
}
PLAIN = {
    "log": {"mean_fg_dice": [np.float64(0.5), 0.25], "lr": [1e-2]},
    "ordered": collections.OrderedDict(a=1),
    "a device": torch.device("cuda:0"),
    "a type": torch.float16,
    "a size": torch.Size([1, 2]),
    "nothing": [None, True, (), "text", b"bytes", 2**80],
}
OTHER = {
    "a path": pathlib.PurePosixPath("/x"),
    "an array": np.arange(3),
    "a date": dt.datetime(2026, 11, 30),
    "a namespace": argparse.Namespace(a=1),
    "a default": collections.defaultdict(list, {1: [2]}),
    "sparse": torch.eye(2).to_sparse(),
    "a network": torch.nn.Conv2d(1, 1, 1),
}


@pytest.fixture(params=[True, False], ids=["zip", "stream"])
def is_zip(request):
    return request.param


@pytest.fixture
def save(tmp_path, is_zip):
    """Return a function that saves an object in one of torch's containers."""

    def saved(content):
        torch.save(content, tmp_path / "c.pth", _use_new_zipfile_serialization=is_zip)
        return tmp_path / "c.pth"

    return saved


def test_tensors_are_those_that_were_saved(save):
    found = read_torch_file(save(TENSORS))
    for name, tensor in TENSORS.items():
        assert torch.equal(found[name], tensor), name
        assert (found[name].dtype, found[name].stride()) == (tensor.dtype, tensor.stride())


def test_tensors_that_share_memory_go_on_sharing_it(save):
    whole = torch.arange(6.0)
    found = read_torch_file(save({"whole": whole, "part": whole[2:4]}))
    found["part"].zero_()
    assert found["whole"].tolist() == [0, 1, 0, 0, 4, 5]


def test_changes_do_not_reach_the_file(save):
    path = save(TENSORS)
    before = path.read_bytes()
    read_torch_file(path)["float"].zero_()
    assert path.read_bytes() == before


def test_plain_values_are_those_that_were_saved(save):
    assert read_torch_file(save(PLAIN)) == PLAIN


def test_other_objects_are_placeholders_and_spoil_nothing(save):
    found = read_torch_file(save({**OTHER, "float": TENSORS["float"], **PLAIN}))
    assert all(isinstance(found[name], Placeholder) for name in OTHER)
    assert torch.equal(found["float"], TENSORS["float"])
    assert {name: found[name] for name in PLAIN} == PLAIN


@pytest.mark.filterwarnings("ignore:torch.quantize")
def test_a_quantised_tensor_is_a_placeholder(save):
    quantised = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    found = read_torch_file(save({"quantised": quantised, "other": torch.ones(1)}))
    assert isinstance(found["quantised"], Placeholder)
    assert found["other"].tolist() == [1]


def test_tensors_of_a_zip_file_are_mapped(tmp_path):
    torch.save({"large": torch.zeros(2**24)}, tmp_path / "c.pth")  # 64 MiB
    before = resident()
    large = read_torch_file(tmp_path / "c.pth")["large"]
    assert resident() - before < 2**25
    assert large.shape == (2**24,)


def resident():
    """Return the memory of this process that is resident and its own, in bytes."""
    status = pathlib.Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def rewritten(path, edit, **how):
    """Write the entries of a zip file again, changed by a function of their names and contents."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", **how) as archive:
        for name, content in entries.items():
            if (changed := edit(name, content)) is not None:
                archive.writestr(name, changed)


DAMAGES = {
    "compressed": lambda path: rewritten(path, lambda _, content: content, compression=zipfile.ZIP_DEFLATED),
    "another byte order": lambda path: rewritten(
        path, lambda name, content: b"big" if name.endswith("byteorder") else content
    ),
    "a storage missing": lambda path: rewritten(path, lambda name, content: None if name.endswith("/0") else content),
    "a storage cut short": lambda path: rewritten(
        path, lambda name, content: content[:5] if name.endswith("data/0") else content
    ),
    "a tensor beyond its storage": lambda path: rewritten(
        path, lambda _, content: content.replace(b"K\x03K\x04\x86", b"K\x03K\x05\x86")
    ),
    "a zip file of others": lambda path: rewritten(path, lambda name, content: None if "data" in name else content),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_zip_file_is_refused(tmp_path, kind):
    path = tmp_path / "c.pth"
    torch.save({"a": TENSORS["float"]}, path)
    DAMAGES[kind](path)
    with pytest.raises(ModelError, match=r"complete file as torch writes it, but .*c\.pth can't be read"):
        checkpoint_content(path)


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_program_of_torchscript_is_no_checkpoint_and_is_not_loaded(tmp_path, monkeypatch):
    path = tmp_path / "c.pth"
    torch.jit.script(torch.nn.Conv2d(1, 1, 1)).save(path)
    monkeypatch.delattr(torch.jit, "load")
    with pytest.raises(ModelError, match=r"must hold network_weights and init_args .*c\.pth does not"):
        read_checkpoint(path)


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_file_cut_short_is_refused(save, keep):
    path = save({"a": torch.arange(300.0)})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep) if isinstance(keep, float) else keep])
    with pytest.raises(ModelError, match="can't be read"):
        checkpoint_content(path)


def test_a_stream_whose_storages_are_larger_than_the_file_takes_no_memory(tmp_path):
    path = tmp_path / "c.pth"
    torch.save({"a": torch.arange(300.0)}, path, _use_new_zipfile_serialization=False)
    length, larger = b"M" + (300).to_bytes(2, "little"), b"\x8a\x06" + (2**40).to_bytes(6, "little")
    content = path.read_bytes()
    assert length in content
    path.write_bytes(content.replace(length, larger))
    with pytest.raises(ModelError, match="can't be read"):
        checkpoint_content(path)
