"""Pretended GPU, under which torch finds one, and what runs there runs as on a real one, by real numbers.

    with PretendedGpu(total_bytes=4 << 30, pass_s=0.5) as gpu:
        ensemble = load_ensemble(bundle, device="cuda")
        gpu.memory.fail_at = gpu.memory.allocations + 3  # the fourth allocation from here on fails, once
        result = predict(ensemble, channels, Deadline(600, 0, gpu.clock))
        assert sum(copy.nbytes for copy in gpu.to_device) < 16 << 20  # the weights among them
        torch.cuda.synchronize()  # the queue may hold more passes than the host has waited for
        assert gpu.clock.now_s == pytest.approx(gpu.passes * gpu.pass_s)
    assert gpu.memory.peak < 3 << 30

What it knows: where each tensor lies (`pretended_placement`), the memory that each takes (`pretended_memory`), and in
which order work on streams is done, and when (`pretended_queue`). A copy between the devices is one: it shares nothing,
waits for its stream unless it is non-blocking, and one to pinned memory gives nonsense until it has been waited for.
Work on a stream before that of another that it needs is an error at the end of the `with`, as is a tensor freed too
early. Time passes for passes and copies only, and only on the clock. A pass is the outermost call of a module with
tensors on the GPU, as many as its batch has tiles; so bare modules are passes too.

Left out: random numbers of the GPU's own, cuDNN's workspaces, rounding by the allocator, kernels of other precision
than the processor's, and more than one GPU. Memory that a function of torch takes for a while is not seen, such as that
of `torch.nn.functional.pad`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial, partialmethod
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from tests.support.pretended_memory import DeviceMemory
from tests.support.pretended_placement import Placement, Transfer
from tests.support.pretended_queue import Event, Queue
from tests.support.simulated_backend import Clock

_CALL = nn.Module.__call__
_START = threading.Thread.start


@dataclass
class PretendedGpu:
    """GPU that torch finds inside a `with`, also in threads that are started there.

    Attributes:
        total_bytes: Memory of the GPU; see `memory` for more.
        pass_s: Time that the GPU takes for a pass; may be changed between passes.
        first_pass_s: Time that the first pass takes more, in which the host has to wait, as it does for libraries.
        depth: Number of passes that the host may be ahead.
        bytes_per_s: Speed of copies between the devices.
        name: Name of the GPU.
        capability: Its compute capability.
        architectures: Those that this build of torch is for.
        clock: Clock of the host.
        memory: Memory of the GPU: its limits, use, and allocations that fail.
        passes: Number of passes so far, each tile of a batch counted.
        seeds: Seeds that the GPU's random numbers were given so far.
    """

    total_bytes: int = 16 << 30
    pass_s: float = 0.0
    first_pass_s: float = 0.0
    depth: int = 5
    bytes_per_s: float = float("inf")
    name: str = "Tesla T4"
    capability: tuple[int, int] = (7, 5)
    architectures: tuple[str, ...] = ("sm_75", "sm_80", "sm_86", "sm_90")
    clock: Clock = field(default_factory=Clock)
    passes: int = 0
    seeds: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.memory = DeviceMemory(self.total_bytes)
        self.queue = Queue(self.clock, self.depth)
        self._placement = Placement(self.memory, self.queue, self.bytes_per_s)
        self._in_pass = threading.local()
        self._patches = ExitStack()

    @property
    def to_device(self) -> list[Transfer]:
        """Copies from the machine's memory so far; may be cleared."""
        return self._placement.to_device

    @property
    def to_host(self) -> list[Transfer]:
        """Copies to the machine's memory so far, numbers that the host read among them; may be cleared."""
        return self._placement.to_host

    def __enter__(self) -> PretendedGpu:
        enter = self._patches.enter_context
        enter(patch.multiple(torch.cuda, **self._answers()))
        enter(patch.object(torch.version, "cuda", "12.6"))
        for module in (torch, torch.amp):
            enter(patch.object(module, "autocast", _Autocast))
        for owner, name, method in (
            (Tensor, "record_stream", self._placement.record_stream),
            (nn.Module, "__call__", self._call),
            (threading.Thread, "start", self._start),
        ):
            enter(patch.object(owner, name, partialmethod(_called, method)))
        self._patches.callback(setattr, torch.backends.cudnn, "benchmark", torch.backends.cudnn.benchmark)
        enter(self._placement)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._patches.close()
        if kind is None and self.memory.races:
            raise AssertionError("Work on the GPU must be in order. " + " ".join(self.memory.races))

    def _answers(self) -> dict[str, Any]:
        """Return what takes the place of torch.cuda's functions."""
        queue = self.queue
        return {
            **self._description(),
            **self._memory_answers(),
            **self._chance_answers(),
            "Event": partial(Event, queue),
            "Stream": queue.new_stream,
            "stream": queue.on,
            "current_stream": _answer(lambda: queue.current),
            "default_stream": _answer(lambda: queue.default),
            "synchronize": _answer(queue.synchronize),
        }

    def _description(self) -> dict[str, Any]:
        major, minor = self.capability
        properties = SimpleNamespace(
            name=self.name, major=major, minor=minor, total_memory=self.total_bytes, multi_processor_count=40
        )
        return {
            "is_available": lambda: True,
            "is_initialized": lambda: True,
            "is_bf16_supported": _answer(lambda: major >= 8),
            "init": lambda: None,
            "_lazy_init": lambda: None,
            "_exchange_device": _answer(lambda: 0),
            "_maybe_exchange_device": _answer(lambda: 0),
            "set_device": _answer(lambda: None),
            "device_count": lambda: 1,
            "current_device": lambda: 0,
            "get_device_properties": _answer(lambda: properties),
            "get_device_name": _answer(lambda: self.name),
            "get_device_capability": _answer(lambda: self.capability),
            "get_arch_list": lambda: list(self.architectures),
        }

    def _memory_answers(self) -> dict[str, Any]:
        memory = self.memory
        return {
            "memory_allocated": _answer(lambda: memory.allocated),
            "memory_reserved": _answer(lambda: memory.reserved),
            "max_memory_allocated": _answer(lambda: memory.peak),
            "max_memory_reserved": _answer(lambda: memory.peak_reserved),
            "reset_peak_memory_stats": _answer(memory.reset_peak),
            "mem_get_info": _answer(lambda: (memory.free, memory.total)),
            "empty_cache": memory.empty_cache,
            "set_per_process_memory_fraction": self._set_fraction,
        }

    def _chance_answers(self) -> dict[str, Any]:
        """Return the functions of the random numbers drawn on the GPU: they come from the processor's generator."""
        return {
            "get_rng_state": _answer(torch.get_rng_state),
            "set_rng_state": lambda state, *_: torch.set_rng_state(state),
            "manual_seed_all": self.seeds.append,
        }

    def _set_fraction(self, fraction: float, device: torch.device | None = None) -> None:
        """Limit the memory; as torch's, it takes no device without a number, and no fraction that is no float."""
        if device is not None and device.index is None:
            raise ValueError(f"Expected a torch.device with a specified index or an integer, but got:{device}")
        if not isinstance(fraction, float):
            raise TypeError("Invalid type for fraction argument, must be `float`")
        self.memory.fraction = fraction

    def _start(self, thread: threading.Thread) -> None:
        """Start a thread that finds the GPU too."""
        run = thread.run

        def run_with_gpu() -> None:
            with self._placement:
                run()

        thread.run = run_with_gpu  # type: ignore[method-assign]
        _START(thread)

    def _call(self, module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        """Call a module; the outermost call is a pass for each tile of the batch."""
        tiles = [one for one in args if isinstance(one, Tensor) and one.is_cuda]
        if not tiles or getattr(self._in_pass, "is_one", False):
            return _CALL(module, *args, **kwargs)
        self._in_pass.is_one = True
        try:
            if not self.passes:
                self.clock.now_s += self.first_pass_s
            result = _CALL(module, *args, **kwargs)
        finally:
            self._in_pass.is_one = False
        self.passes += len(tiles[0])
        self.queue.launch_pass(self.pass_s * len(tiles[0]))
        return result


def _answer(value: Callable[[], Any]) -> Callable[..., Any]:
    """Return a function of torch.cuda's that says the same of whatever device it is asked about."""
    return lambda *_, **__: value()


def _called(owner: Any, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a method of the GPU that takes the place of one of another class, with that one's object first."""
    return method(owner, *args, **kwargs)


class _Autocast(torch.autocast):
    """Autocast whose rules and kernels for a GPU are the processor's."""

    def __init__(self, device_type: str, dtype: torch.dtype | None = None, enabled: bool = True, **kwargs: Any) -> None:
        fast = torch.float16 if device_type == "cuda" and dtype is None else dtype
        super().__init__("cpu", dtype=fast, enabled=enabled, **kwargs)
