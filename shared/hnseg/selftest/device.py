"""Device that is tested: its name, its driver, and whether this build of torch holds code for it."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from hnseg.machine import GIB, limit_gib, usable_threads
from hnseg.selftest.results import Row

_DRIVER = Path("/proc/driver/nvidia/version")
_CAPABILITIES = ("avx2", "avx512_f", "avx512_bf16", "avx512_vnni", "amx_bf16")


def describe_device(device: torch.device) -> Row:
    """Return the row on the device."""
    return _describe_gpu(device) if device.type == "cuda" else _describe_processor()


def runs_on(architectures: Sequence[str], capability: tuple[int, int]) -> bool:
    """Return whether a build for some architectures has code that a GPU runs.

    Machine code (`sm_`) runs on GPUs of the same major number and the same or a higher minor one, that for `sm_90a` on
    no other; intermediate code (`compute_`) is compiled for the same or any newer one (CUDA C++ Programming Guide, 3.1
    Compilation with NVCC).

    Args:
        architectures: Architectures as `torch.cuda.get_arch_list` names them.
        capability: Compute capability of the GPU, (major, minor).

    >>> runs_on(["sm_70", "sm_80"], (8, 6)), runs_on(["sm_80"], (7, 5)), runs_on(["compute_70"], (7, 5))
    (True, False, True)
    """
    for kind, major, minor in re.findall(r"\b(sm|compute)_(\d+)(\d)\b", " ".join(architectures)):
        built_for = (int(major), int(minor))
        if built_for <= capability and (kind == "compute" or built_for[0] == capability[0]):
            return True
    return False


def judge_gpu(name: str, capability: tuple[int, int], architectures: Sequence[str], more: str) -> Row:
    """Return the row on a GPU: wrong where the build of torch has no code for it.

    Args:
        name: Name of the card.
        capability: Compute capability, (major, minor).
        architectures: Architectures that this build of torch holds code for.
        more: Further facts, in words.
    """
    number = f"{capability[0]}.{capability[1]}"
    built_for = " ".join(architectures) or "no GPU"
    found = f"{name}, compute capability {number}, {more}, built for {built_for}"
    if runs_on(architectures, capability):
        return Row(name="device", state="right", found=f"{found}; this card is among them.")
    architecture = f"sm_{capability[0]}{capability[1]}"
    return Row(
        name="device",
        state="wrong",
        found=f"{found}; this card is not among them.",
        cure=f"Install a build of torch for {architecture}, or build the image on one: --build-arg BASE_IMAGE=...",
    )


def _describe_gpu(device: torch.device) -> Row:
    properties = torch.cuda.get_device_properties(device)
    more = (
        f"{properties.total_memory / GIB:.1f} GiB, driver {driver_version()}; torch {torch.__version__},"
        f" CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"  # type: ignore[no-untyped-call]
    )
    return judge_gpu(properties.name, (properties.major, properties.minor), torch.cuda.get_arch_list(), more)


def _describe_processor() -> Row:
    capabilities = torch.cpu.get_capabilities()
    has = [name for name in _CAPABILITIES if capabilities.get(name)]
    name = capabilities.get("cpu_name") or platform.machine()
    found = (
        f"{name}, {usable_threads()} threads, {limit_gib():.1f} GiB, {', '.join(has) or 'no AVX2'}"
        f"{'' if capabilities.get('avx512_bf16') else ', no bfloat16'}; torch {torch.__version__},"
        f" {_openvino()}"
    )
    return Row(name="device", state="right", found=f"{found}.")


def driver_version(path: Path = _DRIVER) -> str:
    """Return the version of NVIDIA's driver as the kernel's module gives it; `unknown` where there is none.

    Args:
        path: File that the module writes.
    """
    try:
        found = re.search(r"\s(\d+\.\d[\d.]*)\s", path.read_text(encoding="utf-8"))
    except OSError:
        return "unknown"
    return found[1] if found else "unknown"


def _openvino() -> str:
    try:
        return f"OpenVINO {version('openvino')}"
    except PackageNotFoundError:
        return "no OpenVINO"
