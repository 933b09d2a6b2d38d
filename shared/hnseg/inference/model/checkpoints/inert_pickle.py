"""Unpickler that runs nothing a file names: tensors and plain values are made, a placeholder stands for all else.

A pickle is a program whose instructions import names, call them, and set attributes. Here a name is looked up in a
short table, never imported: what rebuilds torch's tensors and NumPy's numbers is there, in versions of its own, and
any other name is that of an inert class. So a checkpoint may hold objects of any library, and none of them does
anything. Extension codes and buffers outside the file are refused, no size that a file states is taken for memory.
"""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import torch

_PLAIN = re.compile(r"[biufcSU]\d{1,6}")  # code of a type of plain numbers or text in NumPy


class Placeholder:
    """Stand-in for an object, class or function that a pickle names; it takes everything and does nothing."""

    def __new__(cls, *_arguments: object, **_named: object) -> Placeholder:
        """Return a stand-in, whatever the arguments."""
        return object.__new__(cls)

    def __init__(self, *arguments: object, **named: object) -> None:
        """Keep nothing."""

    def __call__(self, *_arguments: object, **_named: object) -> Placeholder:
        """Return another stand-in."""
        return Placeholder()

    def __setitem__(self, key: object, value: object) -> None:
        """Keep nothing."""

    def extend(self, values: object) -> None:
        """Keep nothing; pickles fill lists by this name."""

    append = add = update = extend


class Storage(NamedTuple):
    """Memory of tensors, and their type of number."""

    memory: torch.UntypedStorage
    dtype: torch.dtype


class _File(Protocol):
    """File that a pickle is read from, which never reads past its end."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, of which there may be fewer."""

    def readline(self) -> bytes:
        """Return the rest of a line."""


class InertUnpickler(pickle._Unpickler):
    """Unpickler whose names come from a table; see the module. It reads the file no farther than its pickle's end.

    The one in Python is taken, not the one in C, whose list of remembered objects is as long as a file says.
    """

    dispatch: ClassVar = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: _File, storage_of: Callable[[Sequence[Any]], Storage]) -> None:
        """Read from a file.

        Args:
            file: File at the beginning of a pickle.
            storage_of: Function that returns the storage that a pickle refers to, given all that it says of it: type
                of number, key, location, length, and more in older files.
        """
        super().__init__(file, encoding="utf-8")
        self._storage_of = storage_of

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        """Return what a name stands for: an entry of the table, or else the inert class."""
        return _KNOWN.get(f"{module_name}.{global_name}", Placeholder)

    def persistent_load(self, pid: Any) -> Any:
        """Return what torch stores outside the pickle: a storage, or the class of a module, which stays inert.

        Raises:
            UnpicklingError: It is neither.
        """
        match pid:
            case ("storage", torch.dtype(), *_):
                return self._storage_of(pid[1:])
            case ("module", *_):
                return Placeholder
        raise pickle.UnpicklingError("unknown persistent id")

    def get_extension(self, code: int) -> None:
        """Refuse a name by number, which other programs of this process may have registered.

        Raises:
            UnpicklingError: Always.
        """
        raise pickle.UnpicklingError(f"extension code {code}")

    def _build(self) -> None:
        """Take the state of an object; that of a NumPy type gives its byte order, all else is left out."""
        state = self.stack.pop()  # type: ignore[attr-defined]
        kind = self.stack[-1]  # type: ignore[attr-defined]
        if isinstance(kind, _NumpyType) and isinstance(state, tuple) and state[1:2] in {("<",), (">",)}:
            kind.order = state[1]

    def _bytearray(self) -> None:
        """Take a byte array no longer than the file."""
        size = int.from_bytes(self.read(8), "little")  # type: ignore[attr-defined]
        self.append(bytearray(self.read(size)))  # type: ignore[attr-defined]

    dispatch[pickle.BUILD[0]] = _build  # type: ignore[assignment]
    dispatch[pickle.BYTEARRAY8[0]] = _bytearray  # type: ignore[assignment]


class _Function:
    """Function of the table. A pickle can call it, and change nothing of it."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __call__(self, *arguments: Any) -> Any:
        return self._call(*arguments)


class _NumpyType(Placeholder):
    """Type of NumPy's: its code, such as f8, and its byte order."""

    def __init__(self, code: object = None, *_more: object) -> None:
        self.code, self.order = code, "<"


def _tensor(storage: Storage, offset: int, size: Sequence[int], stride: Sequence[int], *_more: object) -> torch.Tensor:
    """Return a tensor in a storage, of which no hooks and no metadata are kept.

    Raises:
        UnpicklingError: It does not lie in its storage.
    """
    numbers = (offset, *size, *stride)
    if not all(isinstance(number, int) and number >= 0 for number in numbers) or len(size) != len(stride):
        raise pickle.UnpicklingError("sizes of a tensor are no counts")
    end = 0 if 0 in size else offset + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if end * storage.dtype.itemsize > storage.memory.nbytes():
        raise pickle.UnpicklingError("a tensor is larger than its storage")
    return torch.empty(0, dtype=storage.dtype).set_(storage.memory, offset, tuple(size), tuple(stride))


def _parameter(tensor: torch.Tensor, *_more: object) -> torch.Tensor:
    """Return the tensor of a parameter."""
    return tensor


def _of_type(function: object, _kind: object, arguments: Sequence[Any], *_state: object) -> object:
    """Return the tensor of one with attributes or of a type of its own."""
    return function(*arguments) if isinstance(function, _Function) else Placeholder()


def _encoded(text: str, encoding: str = "latin1") -> object:
    """Return bytes, which the protocol of torch's files writes as text."""
    return text.encode("latin1") if encoding == "latin1" else Placeholder()


def _scalar(kind: object, content: object = b"") -> object:
    """Return a number or text of NumPy's, of any version; a placeholder for anything else."""
    if not isinstance(kind, _NumpyType) or not isinstance(content, bytes):
        return Placeholder()
    if not isinstance(kind.code, str) or _PLAIN.fullmatch(kind.code) is None:
        return Placeholder()
    return np.frombuffer(content, np.dtype(kind.order + kind.code), 1)[0]


def _known() -> Mapping[str, Any]:
    """Return what the names stand for that are no placeholders; none can be changed by a pickle."""
    dtypes = {name: value for name, value in vars(torch).items() if isinstance(value, torch.dtype)}
    storages = {
        "Double": torch.double, "Float": torch.float, "Half": torch.half, "BFloat16": torch.bfloat16,
        "Long": torch.long, "Int": torch.int, "Short": torch.short, "Char": torch.int8, "Byte": torch.uint8,
        "Bool": torch.bool, "ComplexFloat": torch.cfloat, "ComplexDouble": torch.cdouble, "Untyped": torch.uint8,
        "QInt8": torch.int8, "QUInt8": torch.uint8, "QInt32": torch.int32,
    }  # fmt: skip
    return {
        "collections.OrderedDict": OrderedDict,
        "torch.Size": torch.Size,
        "torch.device": torch.device,
        **{f"torch.{name}": dtype for name, dtype in dtypes.items()},
        **{f"torch.{name}Storage": dtype for name, dtype in storages.items()},
        "torch.storage.UntypedStorage": torch.uint8,
        "torch._utils._rebuild_tensor": _Function(_tensor),
        "torch._utils._rebuild_tensor_v2": _Function(_tensor),
        "torch._utils._rebuild_parameter": _Function(_parameter),
        "torch._utils._rebuild_parameter_with_state": _Function(_parameter),
        "torch._tensor._rebuild_from_type_v2": _Function(_of_type),
        "_codecs.encode": _Function(_encoded),
        "numpy.dtype": _NumpyType,
        "numpy.core.multiarray.scalar": _Function(_scalar),
        "numpy._core.multiarray.scalar": _Function(_scalar),
    }


_KNOWN = _known()
