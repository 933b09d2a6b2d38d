"""Pickles that run nothing, whatever they name."""

import copyreg
import datetime as dt
import io
import pickle

import numpy as np
import pytest
import torch

from hnseg.errors import ModelError
from hnseg.inference.model.checkpoints.inert_pickle import InertUnpickler, Placeholder
from hnseg.inference.model.weights import read_checkpoint
from tests.support.planted_pickles import CONTENT, EXTENSION, planted, write_stream, write_zip

KINDS = (
    "REDUCE", "INST", "OBJ", "STACK_GLOBAL", "a dotted name", "a program", "eval", "eval of Python 2", "exec",
    "getattr", "a state", "a partial's state", "an extension", "a pickle in a pickle", "runpy", "torch's storages",
    "torch.hub", "torch.fx", "NumPy's objects",
)  # fmt: skip
WRITERS = {"zip": write_zip, "stream": write_stream}


def read(content, storage_of=None):
    """Return the value of a pickle."""
    return InertUnpickler(io.BytesIO(content), storage_of).load()


@pytest.fixture
def extension():
    """Register os.system by a number, as a program may."""
    copyreg.add_extension("posix", "system", EXTENSION)
    yield
    copyreg.remove_extension("posix", "system", EXTENSION)


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("kind", KINDS)
def test_an_ordinary_unpickler_runs_what_is_planted(kind, tmp_path):
    pickle.loads(planted(tmp_path)[kind] + b".")
    assert (tmp_path / "owned").exists()


@pytest.mark.usefixtures("extension")
@pytest.mark.parametrize("container", WRITERS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_planted_in_a_checkpoint_does_not_run(kind, container, tmp_path):
    path = tmp_path / "checkpoint_final.pth"
    WRITERS[container](path, planted(tmp_path)[kind])
    if kind == "an extension":
        with pytest.raises(ModelError, match="can't be read"):
            read_checkpoint(path)
    else:
        found = read_checkpoint(path)
        assert all(torch.equal(tensor, CONTENT["network_weights"][name]) for name, tensor in found.state_dict.items())
    assert not (tmp_path / "owned").exists()
    assert EXTENSION not in copyreg._extension_cache


@pytest.mark.parametrize("container", WRITERS)
def test_a_persistent_id_of_something_else_is_refused(container, tmp_path):
    path = tmp_path / "checkpoint_final.pth"
    for payload in (b"cposix\nsystem\nX\x01\x00\x00\x00a\x86Q", b"Psystem\n"):
        WRITERS[container](path, payload)
        with pytest.raises(ModelError, match="can't be read"):
            read_checkpoint(path)


def test_a_pickle_changes_nothing_of_the_table():
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n"
    before = InertUnpickler(io.BytesIO(b""), None).find_class("torch._utils", "_rebuild_tensor_v2")
    read(rebuild + b"N}X\x05\x00\x00\x00_callcposix\nsystem\ns\x86b.")
    read(b"ccollections\nOrderedDict\n}X\x05\x00\x00\x00itemscposix\nsystem\nsb.")
    assert before._call.__name__ == "_tensor"
    assert list({"a": 1}.items()) == [("a", 1)]


@pytest.mark.parametrize(
    "value",
    [np.float64(2.5), np.float32(0.25), np.int32(7), np.uint16(9), np.bool_(True), np.str_("3d_fullres"), 1.5, "text"],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("protocol", range(2, 6))
def test_numbers_and_text_are_what_they_were(value, protocol):
    found = read(pickle.dumps(value, protocol))
    assert found == value
    assert type(found) is type(value)


def test_numbers_of_another_byte_order_are_what_they_were():
    big_endian = b"(K\x03X\x01\x00\x00\x00>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    kind = b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x89\x88\x87R" + big_endian
    number = b"C\x08" + np.array(1.5, ">f8").tobytes()
    assert read(b"cnumpy.core.multiarray\nscalar\n" + kind + number + b"\x86R.") == 1.5


@pytest.mark.parametrize("protocol", range(2, 6))
def test_anything_else_is_a_placeholder(protocol):
    value = [np.arange(3), {1, 2}, 1j, slice(1), Placeholder, dt.date(2026, 11, 30)]
    found = read(pickle.dumps(value, protocol))
    assert len(found) == len(value)
    assert all(isinstance(each, Placeholder) or each in ({1, 2}, Placeholder) for each in found)


SIZES = {
    "a byte array": b"\x96" + (2**40).to_bytes(8, "little"),
    "bytes": b"\x8e" + (2**40).to_bytes(8, "little"),
    "text": b"\x8d" + (2**40).to_bytes(8, "little"),
    "a frame": b"\x95" + (2**40).to_bytes(8, "little"),
}


@pytest.mark.parametrize("kind", SIZES)
def test_a_size_beyond_the_file_takes_no_memory(kind):
    with pytest.raises((EOFError, IndexError, pickle.UnpicklingError)):
        read(b"\x80\x05" + SIZES[kind] + b"abc.")


def test_a_large_number_of_a_remembered_object_takes_no_memory():
    assert read(b"\x80\x02K\x01r\xff\xff\xff\xff.") == 1
