"""Placement of tensors on a pretended GPU: every call of torch's Python functions is looked at as it is made.

Numbers are computed by the processor. What torch refuses for tensors of two devices is refused with its words.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any, cast

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from tests.support.pretended_memory import Block, DeviceMemory
from tests.support.pretended_queue import Queue, Stream

CPU = torch.device("cpu")
GPU = torch.device("cuda", 0)

_ON_ANY_DEVICES = {Tensor.__getitem__, Tensor.__setitem__, torch._has_compatible_shallow_copy_type, Tensor.is_set_to}
_READ_BY_HOST = {
    *(Tensor.item, Tensor.tolist, Tensor.__bool__, Tensor.__float__, Tensor.__int__, Tensor.__index__),
    *(Tensor.__contains__, Tensor.is_nonzero, Tensor.equal, Tensor.allclose, torch.equal, torch.allclose),
    *(Tensor.nonzero, Tensor.masked_select, Tensor.unique, torch.nonzero, torch.masked_select, torch.unique),
}
_FROM_DATA = (torch.tensor, torch.as_tensor, torch.asarray)
_IN_PLACE = {"__setitem__", *(f"__i{name}__" for name in ("add", "sub", "mul", "truediv", "and", "or"))}
_NOT_IN_PLACE = {"requires_grad_", "detach_"}


@dataclass(frozen=True)
class Transfer:
    """Copy from one device to the other; of numbers that are read, such as by `item`, there is one for all."""

    nbytes: int
    shape: tuple[int, ...]


@dataclass
class Placement(TorchFunctionMode):
    """Mode of torch in which storages lie in the memory of the GPU or the machine's; one for all threads.

    Attributes:
        memory: Memory of the GPU.
        queue: Its streams.
        bytes_per_s: Speed of copies between the devices.
        to_device: Copies from the machine to the GPU so far.
        to_host: Copies back.
    """

    memory: DeviceMemory
    queue: Queue
    bytes_per_s: float = float("inf")
    to_device: list[Transfer] = field(default_factory=list)
    to_host: list[Transfer] = field(default_factory=list)
    _pinned: weakref.WeakSet[torch.UntypedStorage] = field(default_factory=weakref.WeakSet)

    def __post_init__(self) -> None:
        super().__init__()
        self._own: dict[Any, Callable[..., Any]] = {
            Tensor.device.__get__: self.device_of,
            Tensor.is_cuda.__get__: self._is_on_gpu,
            Tensor.is_cpu.__get__: lambda tensor: not self._is_on_gpu(tensor),
            Tensor.get_device: lambda tensor: 0 if self._is_on_gpu(tensor) else -1,
            Tensor.to: self._to,
            Tensor.cpu: lambda tensor, memory_format=None: self._moved(tensor, CPU, memory_format=memory_format),
            Tensor.cuda: self._cuda,
            Tensor.copy_: self._copy,
            Tensor.__setitem__: self._set_item,
            Tensor.numpy: self._numpy_by(Tensor.numpy),
            Tensor.__array__: self._numpy_by(Tensor.__array__),
            Tensor.pin_memory: self._pin,
            Tensor.is_pinned: lambda tensor, *_: self._is_pinned(tensor),
            Tensor.new_tensor: self._new_tensor,
            torch._C._nn._parse_to: torch._C._nn._parse_to,
            **{make: self._from_data_by(make) for make in _FROM_DATA},
        }

    def __torch_function__(
        self, func: Any, _types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return self._own.get(func, partial(self._run, func))(*args, **(kwargs or {}))

    def device_of(self, tensor: Tensor) -> torch.device:
        """Return the device that a tensor says it is on."""
        return GPU if self._is_on_gpu(tensor) else Tensor.device.__get__(tensor)

    def record_stream(self, tensor: Tensor, stream: Stream) -> None:
        """Let the memory of a tensor not be given to another before the work of a stream so far is done."""
        block = self.memory.block_of(tensor)
        if block is None:
            raise RuntimeError("record_stream is not implemented for tensors on the CPU")
        block.recorded.add(stream)

    def _is_on_gpu(self, tensor: Tensor) -> bool:
        return self.memory.block_of(tensor) is not None

    def _is_pinned(self, tensor: Tensor) -> bool:
        return tensor.untyped_storage() in self._pinned

    def _run(self, func: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function whose tensors are all on one device, and put its results there, or where it is told to."""
        device, is_pinned = kwargs.get("device"), kwargs.pop("pin_memory", False)
        given = list(_tensors_in((args, tuple(kwargs.values()))))
        blocks = [block for block in map(self.memory.block_of, given) if block is not None]
        if blocks and func not in _ON_ANY_DEVICES:
            self._check_together(func, given)
        is_on_gpu = bool(blocks)
        if device is not None:
            is_on_gpu = _is_gpu(torch.device(device))
            kwargs["device"] = CPU if is_on_gpu else device
        result = func(*args, **kwargs)
        if is_pinned:
            self._pinned.add(result.untyped_storage())
        if is_on_gpu:
            self._launch(func, args, kwargs, result)
        return result

    def _check_together(self, func: Any, given: Iterable[Tensor]) -> None:
        if func.__name__ != "__set__" and any(not self._is_on_gpu(one) and one.ndim for one in given):
            raise RuntimeError(
                "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
                f" (in {func.__name__}, of {[(tuple(one.shape), str(self.device_of(one))) for one in given]})"
            )

    def _launch(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> None:
        """Put the work of a function on the stream, and its results into memory."""
        stream = self.queue.current
        new = [self.memory.claim(one, stream) for one in _tensors_in(result) if not self._is_on_gpu(one)]
        written = [*new, *map(self.memory.block_of, _written_by(func, args, kwargs))]
        is_read = _is_read_by_host(func, args)
        if not written and not is_read:
            return
        number = stream.launch(0.0)
        for block in filter(None, map(self.memory.block_of, _tensors_in((args, tuple(kwargs.values()))))):
            self._use(block, number, func.__name__)
        for block in filter(None, written):
            self._use(block, number, func.__name__, is_write=True)
        if is_read:
            self._note(self.to_host, args[0], () if func is not Tensor.tolist else args[0].shape)
            stream.synchronize()

    def _use(self, block: Block, number: int, name: str, *, is_write: bool = False) -> None:
        """Note that the current stream uses a block, and whether that comes too early."""
        stream = self.queue.current
        earlier = block.used.items() if is_write else filter(None, [block.written])
        if not all(stream.has_waited_for(*each) for each in earlier):
            self.memory.races.append(
                f"{name} uses a block of {block.nbytes} bytes before the work of another stream on it is done."
                " Let its stream wait for the other, by wait_stream or an event."
            )
        block.used[stream] = number
        if is_write:
            block.written = (stream, number)

    def _to(self, tensor: Tensor, *args: Any, copy: bool = False, **kwargs: Any) -> Tensor:
        other = next((one for one in (*args, *kwargs.values()) if isinstance(one, Tensor)), None)
        if other is not None:
            non_blocking = kwargs.get("non_blocking", False)
            return self._moved(tensor, self.device_of(other), other.dtype, non_blocking=non_blocking, copy=copy)
        device, dtype, non_blocking, memory_format = torch._C._nn._parse_to(*args, **kwargs)
        return self._moved(tensor, device, dtype, non_blocking=non_blocking, copy=copy, memory_format=memory_format)

    def _cuda(self, tensor: Tensor, _device: Any = None, non_blocking: bool = False, **kwargs: Any) -> Tensor:
        kwargs.pop("device", None)
        return self._moved(tensor, GPU, non_blocking=non_blocking, **kwargs)

    def _moved(
        self,
        tensor: Tensor,
        device: torch.device | None,
        dtype: torch.dtype | None = None,
        *,
        non_blocking: bool = False,
        copy: bool = False,
        memory_format: torch.memory_format | None = None,
    ) -> Tensor:
        """Return a tensor on a device: itself where it is there already and nothing else is asked for, or a copy."""
        dtype, layout = dtype or tensor.dtype, memory_format or torch.preserve_format
        if device is None or _is_gpu(device) == self._is_on_gpu(tensor):
            there = device or self.device_of(tensor)
            moved: Tensor = self._run(Tensor.to, tensor, device=there, dtype=dtype, copy=copy, memory_format=layout)
            return moved
        target = torch.empty_like(tensor, dtype=dtype, device=CPU, memory_format=layout)
        if _is_gpu(device):
            self.memory.claim(target, self.queue.current)
        elif non_blocking:  # as torch does
            self._pinned.add(target.untyped_storage())
        return self._copy(target, tensor, non_blocking)

    def _copy(self, target: Tensor, source: Tensor, non_blocking: bool = False) -> Tensor:
        """Copy one tensor into another, of any devices; as torch, wait for the stream unless told not to."""
        there, here = self.memory.block_of(target), self.memory.block_of(source)
        if (there is None) == (here is None):
            self._run(Tensor.copy_, target, source, non_blocking)
            return target
        on_gpu = target if there else source
        if not _is_dense(on_gpu) or (here and target.dtype != source.dtype):
            self.memory.pass_through(target.nbytes)  # it is brought in order there first
        number = self.queue.current.launch(target.nbytes / self.bytes_per_s)
        self._note(self.to_device if there else self.to_host, target, target.shape)
        self._use(cast("Block", there or here), number, "copy_", is_write=there is not None)
        self._transfer(target, source, number, is_late=non_blocking and self._is_pinned(source if there else target))
        if not non_blocking or (here and not self._is_pinned(target)):
            self.queue.current.synchronize()
        return target

    def _transfer(self, target: Tensor, source: Tensor, number: int, *, is_late: bool) -> None:
        """Copy numbers: those that arrive late in pinned memory are spoilt until the host has waited for them."""
        if not is_late:
            target.copy_(source)
            return
        with torch.inference_mode():
            sent = source.clone()
            if self._is_on_gpu(source):
                _spoil(target)
                self.queue.complete_later(number, partial(_complete, target, sent))
            else:
                target.copy_(source)
                self.queue.complete_later(number, partial(self._check_unchanged, source, sent))

    def _check_unchanged(self, source: Tensor, sent: Tensor) -> None:
        if not source.equal(sent):
            self.memory.races.append(
                f"Pinned memory of {source.nbytes} bytes was written before its copy to the GPU was waited for."
            )

    def _set_item(self, tensor: Tensor, index: Any, value: Any) -> None:
        is_number = not isinstance(value, Tensor) or (value.ndim == 0 and not self._is_on_gpu(value))
        if is_number or self._is_on_gpu(value) == self._is_on_gpu(tensor):
            self._run(Tensor.__setitem__, tensor, index, value)
        elif next(_tensors_in(index), None) is not None:
            self._run(Tensor.__setitem__, tensor, index, self._moved(value, self.device_of(tensor)))
        else:
            self._copy(tensor[index], value)

    def _numpy_by(self, func: Any) -> Callable[..., Any]:
        def numpy(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
            if self._is_on_gpu(tensor):
                raise TypeError(
                    "can't convert cuda:0 device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host"
                    " memory first."
                )
            return func(tensor, *args, **kwargs)

        return numpy

    def _pin(self, tensor: Tensor, *_: Any) -> Tensor:
        if self._is_on_gpu(tensor):
            raise RuntimeError("cannot pin a tensor on the GPU: only dense CPU tensors can be pinned")
        if self._is_pinned(tensor):
            return tensor
        pinned = tensor.clone()
        self._pinned.add(pinned.untyped_storage())
        return pinned

    def _new_tensor(self, tensor: Tensor, data: Any, *, device: Any = None, **kwargs: Any) -> Tensor:
        return self._moved(tensor.new_tensor(data, **kwargs), torch.device(device or self.device_of(tensor)))

    def _from_data_by(self, func: Any) -> Callable[..., Tensor]:
        def from_data(data: Any, *args: Any, device: Any = None, **kwargs: Any) -> Tensor:
            made: Tensor = self._run(func, data, *args, **kwargs)
            return made if device is None else self._moved(made, torch.device(device))

        return from_data

    @staticmethod
    def _note(transfers: list[Transfer], tensor: Tensor, shape: Iterable[int]) -> None:
        shape = tuple(shape)
        transfers.append(Transfer(prod(shape) * tensor.element_size(), shape))


def _is_gpu(device: torch.device) -> bool:
    if device.type == "cuda" and device.index:
        raise RuntimeError("CUDA error: invalid device ordinal")
    return device.type == "cuda"


def _tensors_in(values: Any) -> Iterator[Tensor]:
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, (list, tuple)):
        for value in values:
            yield from _tensors_in(value)


def _written_by(func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[Tensor]:
    """Yield the tensors that a function writes in place."""
    name = func.__name__
    if name in _IN_PLACE or (name.endswith("_") and not name.endswith("__") and name not in _NOT_IN_PLACE):
        yield args[0]
    yield from _tensors_in(kwargs.get("out"))


def _is_read_by_host(func: Any, args: tuple[Any, ...]) -> bool:
    """Return whether the host needs numbers to go on: for its own use, or for the size of a result."""
    has_mask = func is Tensor.__getitem__ and any(one.dtype == torch.bool for one in _tensors_in(args[1]))
    return has_mask or func in _READ_BY_HOST


def _is_dense(tensor: Tensor) -> bool:
    return tensor.is_contiguous() or torch.empty_like(tensor).stride() == tensor.stride()


def _spoil(tensor: Tensor) -> None:
    """Fill memory with what no one can take for a result."""
    if tensor.is_floating_point():
        tensor.fill_(torch.nan)
    else:
        tensor.fill_(True if tensor.dtype == torch.bool else torch.iinfo(tensor.dtype).max)


@torch.inference_mode()
def _complete(target: Tensor, sent: Tensor) -> None:
    target.copy_(sent)
