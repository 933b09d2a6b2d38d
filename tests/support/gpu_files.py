"""Trees of the kernel's files about GPUs, as a process would find them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

DRIVER_LINE = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  {}  Tue Jun  6 22:40:00 UTC 2023"


def write_gpu_files(
    root: Path, *, devices: Sequence[str] = (), driver_line: str = "", cards: int | None = None
) -> Path:
    """Write what `/dev` and `/proc` say of GPUs below a folder, and return it.

    Args:
        root: Folder that stands for `/`.
        devices: Names in `/dev`.
        driver_line: First line of the driver's `version` file; without one there is no driver.
        cards: Number of GPUs that the driver lists; None for no list.
    """
    for name in devices:
        (root / "dev").mkdir(parents=True, exist_ok=True)
        (root / "dev" / name).touch()
    if driver_line:
        folder = root / "proc/driver/nvidia"
        folder.mkdir(parents=True)
        (folder / "version").write_text(f"{driver_line}\nGCC version:  gcc version 12.2.0\n", encoding="ascii")
        for number in range(cards or 0):
            (folder / "gpus" / f"0000:00:{number:02x}.0").mkdir(parents=True)
        if cards == 0:
            (folder / "gpus").mkdir()
    return root
