"""Machines with GPUs: trees of the kernel's files, as a process would find them, and programs in nvidia-smi's place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

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


def write_nvidia_smi(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    """Write a shell script that the PATH finds as nvidia-smi, and return it."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return program
