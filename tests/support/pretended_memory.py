"""Memory of a pretended GPU: the storages that lie in it, their bytes, and a limit beyond which there are none."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field

import torch

from hnseg.machine import GIB
from tests.support.pretended_queue import Stream


@dataclass
class Block:
    """Storage in the memory of the GPU.

    Attributes:
        nbytes: Size in bytes.
        stream: Stream on which it was allocated, whose later work may be given the same memory again.
        written: Stream that wrote it last, and the number of the work there.
        used: Number of the last work on it, read or written, of each stream.
        recorded: Streams that `Tensor.record_stream` was called with, which the allocator waits for.
    """

    nbytes: int
    stream: Stream
    written: tuple[Stream, int] | None = None
    used: dict[Stream, int] = field(default_factory=dict)
    recorded: set[Stream] = field(default_factory=set)


@dataclass
class DeviceMemory:
    """Memory of a GPU, in which each storage is a block until its last tensor is gone.

    Blocks have the bytes of their tensors: torch's allocator rounds each up to 512 bytes, this one does not. What was
    freed stays reserved until `empty_cache`, or until a new block would not find room without it.

    Attributes:
        total: Bytes of the GPU.
        elsewhere: Bytes that the driver and other processes take.
        fail_at: Number, from 0, of the one allocation that fails whatever the size; None for none.
        failure: Error that it fails by; torch's own where left out.
        fraction: Most of `total` that this process may have.
        allocations: Number of allocations so far.
        allocated: Bytes of the blocks that are alive.
        peak: Most bytes that were alive at once.
        reserved: Bytes of these and of the freed ones that the allocator keeps.
        peak_reserved: Most bytes that were reserved.
        races: Sentences on memory that was used before, or freed while, another stream worked on it.
    """

    total: int = 16 * GIB
    elsewhere: int = 0
    fail_at: int | None = None
    failure: Exception | None = None
    fraction: float = 1.0
    allocations: int = 0
    allocated: int = 0
    peak: int = 0
    reserved: int = 0
    peak_reserved: int = 0
    races: list[str] = field(default_factory=list)
    _blocks: dict[int, Block] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def limit(self) -> int:
        """Bytes that this process can have."""
        return min(self.total - self.elsewhere, int(self.total * self.fraction))

    @property
    def free(self) -> int:
        """Bytes that the driver knows to be free."""
        return max(0, self.total - self.elsewhere - self.reserved)

    def block_of(self, tensor: torch.Tensor) -> Block | None:
        """Return the block that a tensor lies in, or None where it is in the machine's memory."""
        return self._blocks.get(tensor.untyped_storage()._cdata)

    def claim(self, tensor: torch.Tensor, stream: Stream) -> Block:
        """Put the storage of a new tensor into the memory of the GPU, where it stays until it is freed.

        Raises:
            torch.OutOfMemoryError: It is larger than what is left.
        """
        storage = tensor.untyped_storage()
        with self._lock:
            self._allocate(storage.nbytes())
            block = self._blocks[storage._cdata] = Block(storage.nbytes(), stream)
        weakref.finalize(storage, self._freed, storage._cdata).atexit = False
        return block

    def pass_through(self, nbytes: int) -> None:
        """Allocate memory and free it again, as a copy of what is not contiguous does."""
        with self._lock:
            self._allocate(nbytes)
            self.allocated -= nbytes

    def empty_cache(self) -> None:
        """Give back what was freed."""
        self.reserved = self.allocated

    def reset_peak(self) -> None:
        """Begin to look for a new peak."""
        self.peak, self.peak_reserved = self.allocated, self.reserved

    def _allocate(self, nbytes: int) -> None:
        number, self.allocations = self.allocations, self.allocations + 1
        if number == self.fail_at and self.failure is not None:
            raise self.failure
        if number == self.fail_at or self.allocated + nbytes > self.limit:
            raise torch.OutOfMemoryError(
                f"CUDA out of memory. Tried to allocate {nbytes / (1 << 20):.2f} MiB. GPU 0 has a total capacity of"
                f" {self.total / GIB:.2f} GiB of which {self.free / GIB:.2f} GiB is free."
            )
        self.allocated += nbytes
        self.peak = max(self.peak, self.allocated)
        self.reserved = min(max(self.reserved, self.allocated), self.limit)
        self.peak_reserved = max(self.peak_reserved, self.reserved)

    def _freed(self, key: int) -> None:
        with self._lock:
            block = self._blocks.pop(key)
            self.allocated -= block.nbytes
        late = [stream for stream, number in block.used.items() if not block.stream.has_waited_for(stream, number)]
        if set(late) - block.recorded:
            self.races.append(
                f"A block of {block.nbytes} bytes was freed while another stream still used it. Keep its tensor until"
                " that stream is done, or call Tensor.record_stream."
            )
