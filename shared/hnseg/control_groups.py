"""Limits of this process's control groups: the least of its own group's and of all that this one lies in.

Linux has two kinds, cgroups(7), and both may be mounted at once: version 2, one hierarchy for all, and version 1, one a
controller. `/proc/self/cgroup` gives the process's group in each, `/proc/self/mountinfo` where they are mounted. A
container sees the part below its own group, and perhaps only some of it; a limit above that can't be read.
"""

from __future__ import annotations

import re
from math import inf
from pathlib import Path, PurePosixPath

ROOT = Path("/")

_VERSION_2 = ""  # as /proc/self/cgroup calls it: the hierarchy that names no controller
_MEMORY_FILES = (
    (_VERSION_2, "memory.max"),  # above it the process is killed
    (_VERSION_2, "memory.high"),  # above it the process is slowed down until it hardly moves
    ("memory", "memory.limit_in_bytes"),
)
_QUOTA_FILES = (
    (_VERSION_2, ("cpu.max",)),  # quota and period in one file
    ("cpu", ("cpu.cfs_quota_us", "cpu.cfs_period_us")),
)
_SET_FILES = ((_VERSION_2, "cpuset.cpus.effective"), ("cpuset", "cpuset.cpus"))


def memory_limit_bytes(root: Path = ROOT) -> float:
    """Return the memory that the control groups leave this process; infinite without a limit.

    Files that are missing, can't be read, or hold no number, such as "max", limit nothing.

    Args:
        root: Folder that holds `proc` and `sys`.
    """
    found = [_text(folder / name) for controller, name in _MEMORY_FILES for folder in _folders(controller, root)]
    return min((int(text) for text in found if text.isdecimal()), default=inf)


def processor_limit(root: Path = ROOT) -> float:
    """Return how many processors the control groups leave this process, by quota or number; infinite without a limit.

    Args:
        root: Folder that holds `proc` and `sys`.
    """
    quotas = [
        [word for name in names for word in _text(folder / name).split()]
        for controller, names in _QUOTA_FILES
        for folder in _folders(controller, root)
    ]
    sets = [_text(folder / name) for controller, name in _SET_FILES for folder in _folders(controller, root)]
    return min([*map(_processors_of_quota, quotas), *map(_processors_of_set, sets)], default=inf)


def _processors_of_quota(words: list[str]) -> float:
    """Return the quota over the period, both in microseconds; infinite for "max" and -1, which mean none."""
    if len(words) != 2 or not all(word.isdecimal() for word in words) or int(words[1]) == 0:
        return inf
    return int(words[0]) / int(words[1])


def _processors_of_set(text: str) -> float:
    """Return how many processors a list such as 0-3,8 names; infinite for an empty one, which means all."""
    ranges = re.findall(r"(\d+)(?:-(\d+))?", text)
    return sum(int(last or first) - int(first) + 1 for first, last in ranges) or inf


def _folders(controller: str, root: Path) -> list[Path]:
    """Return the folders of the process's group under a controller, and of every group that it lies in."""
    group = _group_under(controller, root)
    return [folder for top, mounted_at in _mounts(controller, root) for folder in _nested(group, top, mounted_at)]


def _nested(group: PurePosixPath, top: PurePosixPath, mounted_at: Path) -> list[Path]:
    """Return a group's folder and those above it, of a hierarchy that is mounted from one of its groups, the top, on.

    A group that does not lie below the top, as in a container that sees only its own group, stands for the top.
    """
    below = group.relative_to(top) if group.is_relative_to(top) else PurePosixPath()
    if ".." in below.parts:
        below = PurePosixPath()
    folder = mounted_at / below
    return [folder, *list(folder.parents)[: len(below.parts)]]


def _group_under(controller: str, root: Path) -> PurePosixPath:
    """Return the path of the process's group in the hierarchy of a controller; the root's where it is not told."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, _, named = line.partition(":")
        controllers, _, path = named.partition(":")
        if controller in controllers.split(","):
            return PurePosixPath(path)
    return PurePosixPath("/")


def _mounts(controller: str, root: Path) -> list[tuple[PurePosixPath, Path]]:
    """Return the top group and the place of every mount of a controller's hierarchy, by /proc/self/mountinfo."""
    mounts = []
    for line in _text(root / "proc/self/mountinfo").splitlines():
        where, _, what = line.partition(" - ")
        places, kinds = where.split(" "), what.split(" ")
        if len(places) >= 5 and len(kinds) >= 3 and _is_of(controller, kinds[0], kinds[2]):
            top, mounted_at = map(_unescaped, places[3:5])
            mounts.append((PurePosixPath(top), root / mounted_at.lstrip("/")))
    return mounts


def _is_of(controller: str, file_system: str, options: str) -> bool:
    if controller == _VERSION_2:
        return file_system == "cgroup2"
    return file_system == "cgroup" and controller in options.split(",")


def _unescaped(path: str) -> str:
    """Return a path of mountinfo, which writes blanks and backslashes as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _text(path: Path) -> str:
    """Return the content of a file of the kernel's; empty where there is none, or it can't be read."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").strip()
    except OSError:
        return ""
