"""Files of `torch.save`, read without running what they name; tensors are mapped into memory, not read.

Both containers are known: zip files, of torch 1.6 and later, and the streams before it, which
`_use_new_zipfile_serialization=False` still writes. `torch.load` is not called: without `weights_only` it runs code,
and with it refuses harmless objects such as paths and dates in the log of a training.
"""

from __future__ import annotations

import io
import mmap
import struct
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from hnseg.inference.model.checkpoints.inert_pickle import InertUnpickler, Storage

_ZIP = b"PK\x03\x04"  # first bytes of a zip file
_MAGIC = 0x1950A86A20F9469CFC6C  # first value of a stream
_LOCAL_HEADER = struct.Struct("<26xHH")  # of a zip entry: it ends with the lengths of the name and of more after it


def read_torch_file(path: Path) -> Any:
    """Return the object that a file holds, with placeholders for what is neither a tensor nor a plain value.

    Its tensors are on the processor, wherever they were saved.

    Raises:
        Exception: The file is damaged, or not torch's; a damaged pickle can end in an error of any kind.
    """
    size = path.stat().st_size
    mapped = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8).untyped_storage()
    with path.open("rb") as file:
        is_zip = file.read(len(_ZIP)) == _ZIP
    return _ZipFile(path, mapped).content() if is_zip else _Stream(mapped).content(path)


class _ZipFile:
    """Zip file of torch's: the pickle `data.pkl`, and an uncompressed entry for each storage."""

    def __init__(self, path: Path, mapped: torch.UntypedStorage) -> None:
        self._path = path
        self._mapped = mapped
        self._storages: dict[str, Storage] = {}

    def content(self) -> Any:
        """Return the object that the file holds."""
        with zipfile.ZipFile(self._path) as self._archive:
            self._root = self._archive.namelist()[0].partition("/")[0]
            order = f"{self._root}/byteorder"
            if order in self._archive.namelist() and self._read(order).decode() != sys.byteorder:
                raise UnpicklingError("another byte order")
            return InertUnpickler(io.BytesIO(self._read(f"{self._root}/data.pkl")), self._storage_of).load()

    def _storage_of(self, described: Sequence[Any]) -> Storage:
        dtype, key, _location, length, *_ = described
        if key not in self._storages:
            memory = self._entry(f"{self._root}/data/{key}")
            if length * dtype.itemsize > memory.nbytes():
                raise UnpicklingError("a storage is cut short")
            self._storages[key] = Storage(memory, dtype)
        return Storage(self._storages[key].memory, dtype)

    def _read(self, name: str) -> bytes:
        """Return the content of an entry."""
        return self._archive.read(self._info(name))

    def _entry(self, name: str) -> torch.UntypedStorage:
        """Return the part of the file that is the content of an entry."""
        info = self._info(name)
        with self._path.open("rb") as file:
            file.seek(info.header_offset)
            name_length, extra_length = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
        begin = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        return _part(self._mapped, begin, info.file_size)

    def _info(self, name: str) -> zipfile.ZipInfo:
        """Return the place of an entry, which must not be compressed: none that torch writes is."""
        info = self._archive.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED:
            raise UnpicklingError("a compressed entry")
        return info


class _Stream:
    """Stream of pickles, followed by the storages one after the other."""

    def __init__(self, mapped: torch.UntypedStorage) -> None:
        self._mapped = mapped
        self._storages: dict[str, Storage] = {}
        self._taken = 0

    def content(self, path: Path) -> Any:
        """Return the object that the file holds."""
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as stream:
            if self._next(stream) != _MAGIC:
                raise UnpicklingError("no file of torch's")
            _version, system, content, keys = (self._next(stream) for _ in range(4))
            if system["little_endian"] != (sys.byteorder == "little"):
                raise UnpicklingError("another byte order")
            if set(keys) != self._storages.keys():
                raise UnpicklingError("storages are missing")
            for key in keys:
                self._fill(self._storages[key], stream)
            return content

    def _next(self, stream: mmap.mmap) -> Any:
        return InertUnpickler(stream, self._storage_of).load()

    def _storage_of(self, described: Sequence[Any]) -> Storage:
        """Return a storage of its own, filled later, since those in the file need not lie at multiples of a number."""
        dtype, key, _location, length, *view = described
        if any(view):
            raise UnpicklingError("a view of a storage")
        if key not in self._storages:
            size = length * dtype.itemsize
            self._taken += size
            if size < 0 or self._taken > self._mapped.nbytes():
                raise UnpicklingError("storages are larger than the file")
            self._storages[key] = Storage(_new(size), dtype)
        return self._storages[key]

    def _fill(self, storage: Storage, stream: mmap.mmap) -> None:
        length = int.from_bytes(stream.read(8), "little") * storage.dtype.itemsize
        if length != storage.memory.nbytes():
            raise UnpicklingError("a storage is of another length")
        if length:
            storage.memory.copy_(_part(self._mapped, stream.tell(), length))
            stream.seek(length, 1)


def _part(mapped: torch.UntypedStorage, begin: int, length: int) -> torch.UntypedStorage:
    """Return a part of a mapped file, which is not copied."""
    if not 0 <= begin <= begin + length <= mapped.nbytes():
        raise UnpicklingError("the file is cut short")
    return mapped[begin : begin + length] if length else _new(0)


def _new(size: int) -> torch.UntypedStorage:
    """Return memory of a number of bytes, whose content is not set."""
    return torch.empty(size, dtype=torch.uint8).untyped_storage()
