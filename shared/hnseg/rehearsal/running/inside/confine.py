"""Start of a program under limits that it can't lift.

    python -m hnseg.rehearsal.running.inside.confine DATA_BYTES CPUS NETWORK COMMAND...

DATA_BYTES becomes RLIMIT_DATA, where no limit is lower already, and CPUS (numbers joined by commas) the processors that
the program may run on. With NETWORK `none` the program gets a network of its own without any connection; with `host` it
keeps this one. The program replaces this process, so it keeps its number.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import sys
from pathlib import Path

from hnseg.machine import data_limit_bytes

_CLONE_NEWUSER = 0x10000000  # linux/sched.h
_CLONE_NEWNET = 0x40000000


def leave_network() -> bool:
    """Give this process a network without connections, and return whether the kernel allowed it."""
    uid, gid = os.getuid(), os.getgid()
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (AttributeError, OSError):
        return False
    if uid == 0:
        return bool(unshare(_CLONE_NEWNET) == 0)
    if unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # it then goes by the name of nobody, with the same rights to files
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
    return True


def main(arguments: list[str]) -> None:
    """Set the limits and replace this process by the program."""
    data_bytes, cpus, network, *command = arguments
    limit_bytes = data_limit_bytes(int(data_bytes))
    resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, limit_bytes))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [int(cpu) for cpu in cpus.split(",")])
    if network == "none" and not leave_network():
        sys.exit("the network could not be cut off")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
