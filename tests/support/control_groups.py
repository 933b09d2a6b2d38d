"""Trees of the kernel's files about control groups, as a process would find them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

VERSION_2 = "31 23 0:28 {top} {at} rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
VERSION_1 = "35 31 0:32 {top} {at} rw,relatime shared:9 - cgroup cgroup rw,{controllers}"


def write_control_groups(
    root: Path, groups: Mapping[str, Mapping[str, str]], *, own: str = "0::/", mounts: str = ""
) -> Path:
    """Write what `/proc` and `/sys` say of control groups below a folder, and return it.

    Args:
        root: Folder that stands for `/`.
        groups: Files of each group with their content, by the group's folder.
        own: Content of `/proc/self/cgroup`.
        mounts: Content of `/proc/self/mountinfo`; version 2 alone at `/sys/fs/cgroup` when left out.
    """
    process = root / "proc/self"
    process.mkdir(parents=True)
    (process / "cgroup").write_text(f"{own}\n")
    mounts = mounts or VERSION_2.format(top="/", at="/sys/fs/cgroup")
    (process / "mountinfo").write_text(f"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n{mounts}\nnot a mount\n")
    for folder, files in groups.items():
        (root / folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (root / folder.lstrip("/") / name).write_text(f"{text}\n")
    return root
