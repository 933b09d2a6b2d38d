"""Usability of the GPU: what the kernel and torch say of it, and why torch can't use one that is there.

torch itself answers only whether it finds a GPU. Where it finds none, a program computes on the processor without a
word, and takes many times as long.

Minimum drivers are those of NVIDIA's "CUDA Compatibility", page "Minor Version Compatibility" (450.80.02, 525, 580;
read 2026-11-29), and the first release of 525 and of 580 that came with a CUDA. Any newer driver runs what is built
for an older CUDA.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.control_groups import ROOT

GPU_IMAGE = "pytorch/pytorch:2.13.0-cuda12.6-cudnn9-runtime"
"""Base image with a torch that runs on every GPU of the platform, and with the oldest drivers of any."""
UNUSED_GPU = "THE GPU IS NOT USED: "
"""Beginning of the sentence by which a log says that a GPU is there and can't be used."""

MINIMUM_DRIVERS = {11: (450, 80, 2), 12: (525, 60, 13), 13: (580, 65, 6)}
"""Oldest driver for Linux that runs programs built for a major version of CUDA."""

_VISIBLE = "CUDA_VISIBLE_DEVICES"
_CURE = f"An image gets one by --build-arg BASE_IMAGE={GPU_IMAGE}"

_ARCHITECTURE = re.compile(r"(sm|compute)_(\d+)(\d)([a-z]?)")

Version = tuple[int, ...]
Capability = tuple[int, int]


@dataclass(frozen=True)
class KernelFacts:
    """Facts about the GPUs as the kernel shows them to this process.

    Attributes:
        device_files: Device files of GPUs, such as /dev/nvidia0, in order.
        driver: Version of the driver that is loaded, such as 535.54.03; empty where none is.
        cards: Number of GPUs that the driver lists; None without its list.
        visible: Value of CUDA_VISIBLE_DEVICES; None where it is not set.
        has_library: Whether the driver's library libcuda.so.1 can be loaded.
    """

    device_files: tuple[str, ...] = ()
    driver: str = ""
    cards: int | None = None
    visible: str | None = None
    has_library: bool = True

    @property
    def has_gpu(self) -> bool:
        """Whether there is a GPU, if perhaps not for this process: device files, or a driver that does not list none.

        A container without a GPU still sees the driver of its host.
        """
        return bool(self.device_files) or (bool(self.driver) and self.cards != 0)


@dataclass(frozen=True)
class TorchFacts:
    """Facts about torch: how it was built, and what it finds.

    Attributes:
        version: Version of torch.
        cuda: Version of CUDA that it was built for, such as 12.6; None for a build without CUDA.
        architectures: Architectures that it was built for: sm_80 is machine code, compute_80 is PTX.
        finds_gpu: Whether it finds a GPU.
        gpu: Name of the first GPU; empty where it finds none.
        capability: Compute capability of the first GPU, such as (7, 5); None where it finds none.
        error: Sentence by which it refuses to start CUDA; empty where it starts.
    """

    version: str
    cuda: str | None
    architectures: tuple[str, ...] = ()
    finds_gpu: bool = False
    gpu: str = ""
    capability: Capability | None = None
    error: str = ""


def kernel_facts(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> KernelFacts:
    """Return what the kernel shows of the GPUs.

    Args:
        root: Folder that holds `dev` and `proc`.
        environment: Variables of this process.
    """
    driver_dir = root / "proc/driver/nvidia"
    cards = driver_dir / "gpus"
    files = (path.name for path in root.glob("dev/nvidia*"))
    return KernelFacts(
        device_files=tuple(f"/dev/{name}" for name in sorted(files) if re.fullmatch(r"nvidia\d+", name)),
        driver=_driver_in(driver_dir / "version"),
        cards=len(list(cards.iterdir())) if cards.is_dir() else None,
        visible=environment.get(_VISIBLE),
        has_library=_has_library(),
    )


def torch_facts() -> TorchFacts:
    """Return how torch was built and what it finds; CUDA is started where there is a GPU.

    Raises:
        ImportError: torch is not installed, or its own libraries can't be loaded.
    """
    import torch

    build = (torch.__version__, torch.version.cuda)
    if not torch.cuda.is_available():
        return TorchFacts(*build, error=_refusal())
    architectures = tuple(torch.cuda.get_arch_list())
    if not architectures:
        return TorchFacts(*build, finds_gpu=True)
    name, capability = torch.cuda.get_device_name(0), torch.cuda.get_device_capability(0)
    return TorchFacts(*build, architectures, finds_gpu=True, gpu=name, capability=capability)


def number_of_gpus() -> int:
    """Return how many GPUs torch finds, without starting CUDA.

    Raises:
        ImportError: torch is not installed, or its own libraries can't be loaded.
    """
    import torch

    return torch.cuda.device_count()


def unusable_reason(kernel: KernelFacts | None = None, torch: TorchFacts | None = None) -> str | None:
    """Return why torch can't use a GPU that is there, with the cure; None where it can, or there is none.

    A GPU whose memory another program holds can be used.

    Args:
        kernel: Facts of the kernel; those of this machine when left out.
        torch: Facts about torch; those of the torch that is installed when left out.

    Raises:
        ImportError: torch is asked and is not installed.
    """
    torch = torch or torch_facts()
    if torch.finds_gpu:
        return _wrong_architecture(torch)
    kernel = kernel or kernel_facts()
    return _why_not_found(kernel, torch) if kernel.has_gpu else None


def runs_on(architectures: Sequence[str], capability: Capability) -> bool:
    """Return whether a program that is built for some architectures runs on a GPU.

    Machine code runs on its own major version from its minor version on, PTX on its version and all later ones; that of
    an architecture with a letter, such as sm_90a, on that one alone (CUDA C++ Programming Guide, "Binary
    Compatibility", "PTX Compatibility"). A program with architectures of another maker is taken to run.

    Args:
        architectures: Names such as sm_80, which is machine code, and compute_80, which is PTX.
        capability: Compute capability of the GPU, such as (8, 6).
    """
    found = [match for name in architectures if (match := _ARCHITECTURE.fullmatch(name))]
    return not found or any(_runs_on(match, capability) for match in found)


def _runs_on(architecture: re.Match[str], capability: Capability) -> bool:
    kind, major, minor, letter = architecture.groups()
    built = (int(major), int(minor))
    if letter or built > capability:
        return built == capability
    return kind == "compute" or built[0] == capability[0]


def _why_not_found(kernel: KernelFacts, torch: TorchFacts) -> str:
    return (
        _built_without_cuda(torch)
        or _not_passed(kernel)
        or _hidden(kernel)
        or _without_driver(kernel)
        or _old_driver(kernel, torch)
        or _without_library(kernel)
        or _otherwise(kernel, torch)
    )


def _wrong_architecture(torch: TorchFacts) -> str | None:
    if torch.capability is None or runs_on(torch.architectures, torch.capability):
        return None
    needed = "sm_{}{}".format(*torch.capability)
    return (
        f"torch must be built for the architecture {needed} of the {torch.gpu}, but torch {torch.version} is built for"
        f" {' '.join(torch.architectures)}. Take another build: torch 2.13 has sm_50 to sm_90 for CUDA 12.6, and sm_75"
        f" to sm_120 for CUDA 13. {_CURE}, which is for CUDA 12.6."
    )


def _built_without_cuda(torch: TorchFacts) -> str | None:
    if torch.cuda is not None:
        return None
    return f"torch must be built for CUDA, but torch {torch.version} is built without it. {_CURE}."


def _not_passed(kernel: KernelFacts) -> str | None:
    if kernel.device_files:
        return None
    return (
        f"The driver {kernel.driver} is loaded, but this process sees no GPU: there is no device file /dev/nvidia0. Was"
        " the container started without --gpus all, or with NVIDIA_VISIBLE_DEVICES=void?"
    )


def _hidden(kernel: KernelFacts) -> str | None:
    """Return that a variable hides all GPUs: CUDA takes those before the first that it does not know."""
    if kernel.visible is None:
        return None
    first = kernel.visible.split(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")) or (first.isdecimal() and int(first) < len(kernel.device_files)):
        return None
    return f"{_VISIBLE} must name a GPU, but it is {kernel.visible!r}, which hides all. Unset it, or set it to 0."


def _without_driver(kernel: KernelFacts) -> str | None:
    if kernel.driver:
        return None
    return (
        f"There is the device file {kernel.device_files[0]}, but no driver is loaded: there is no"
        " /proc/driver/nvidia/version. Install NVIDIA's driver; nvidia-smi must list the GPU."
    )


def _old_driver(kernel: KernelFacts, torch: TorchFacts) -> str | None:
    major = int((torch.cuda or "0").partition(".")[0])
    needed = MINIMUM_DRIVERS.get(major, ())
    if _version(kernel.driver) >= needed:
        return None
    return (
        f"torch {torch.version} is built for CUDA {torch.cuda}, whose driver must be {_as_text(needed)} or newer, but"
        f" the driver here is {kernel.driver}. Update the driver, or take a build for an older CUDA. {_CURE}, whose"
        f" driver must be {_as_text(MINIMUM_DRIVERS[12])} or newer."
    )


def _without_library(kernel: KernelFacts) -> str | None:
    if kernel.has_library:
        return None
    return (
        f"There are {kernel.device_files[0]} and the driver {kernel.driver}, but its library libcuda.so.1 can't be"
        " loaded. Was the container started with the device alone instead of --gpus all, or with"
        " NVIDIA_DRIVER_CAPABILITIES without compute?"
    )


def _otherwise(kernel: KernelFacts, torch: TorchFacts) -> str:
    said = f" torch says: {torch.error.rstrip('.')}." if torch.error else ""
    return (
        f"There are {kernel.device_files[0]} and the driver {kernel.driver}, but torch {torch.version} for CUDA"
        f" {torch.cuda} finds no GPU.{said} Does nvidia-smi list it, and may this user open the device file?"
    )


def _as_text(version: Version) -> str:
    """Return a driver's version as NVIDIA writes it, such as 525.60.13 and 450.80.02."""
    return ".".join([str(version[0]), *(f"{part:02}" for part in version[1:])])


def _version(text: str) -> Version:
    return tuple(int(part) for part in re.findall(r"\d+", text))


def _driver_in(path: Path) -> str:
    """Return the version in the driver's own file, whose first line ends in it and the build; empty where it has none.

    The line is `NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue Jun ...`, for the open modules
    `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build ...`.
    """
    try:
        first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except OSError:
        return ""
    found = re.search(r"\s(\d+\.\d+(?:\.\d+)?)\s", f"{first} ")
    return found[1] if found else ""


def _has_library() -> bool:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def _refusal() -> str:
    """Return torch's own sentence on why CUDA can't be started; empty where it starts."""
    import torch

    try:
        torch.empty(0, device="cuda")
    except (RuntimeError, AssertionError) as error:
        return " ".join(str(error).split())
    return ""
