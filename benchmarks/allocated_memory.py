"""Memory of this process: what is resident, and of that what its allocator has given out and what it holds free.

What cycles keep alive is collected before a reading, so that no reading depends on when Python does so.
"""

from __future__ import annotations

import ctypes
import gc
import resource
from pathlib import Path
from typing import ClassVar, NamedTuple

_MIB = 2**20


class _Mallinfo2(ctypes.Structure):
    """Figures of glibc's allocator over all its arenas, in bytes; see mallinfo2(3), glibc 2.33 and later."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_: ClassVar = [(name, ctypes.c_size_t) for name in _names.split()]


class Reading(NamedTuple):
    """Memory at one moment, in MiB."""

    resident: float
    given_out: float
    """Bytes that the allocator has given out and not got back: arrays, tensors, models."""
    held_free: float
    """Bytes that it got back and has not returned to the system."""

    def __str__(self) -> str:
        """Return the reading in words."""
        return f"{self.resident:.0f} MiB resident, {self.given_out:.1f} given out, {self.held_free:.0f} held free"


def read_memory() -> Reading:
    """Return the memory of this process once garbage is collected."""
    gc.collect()
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = _Mallinfo2
    info = libc.mallinfo2()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    given_out = info.uordblks + info.hblkhd
    return Reading(pages * resource.getpagesize() / _MIB, given_out / _MIB, info.fordblks / _MIB)


def return_free_memory() -> None:
    """Let the allocator return to the system what it holds free."""
    ctypes.CDLL(None).malloc_trim(0)
