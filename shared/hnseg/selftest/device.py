"""Device that is tested: its name, its driver, and whether torch can use it."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import torch

from hnseg.inference.gpu import kernel_facts, unusable_reason
from hnseg.machine import GIB, limit_gib, usable_threads
from hnseg.selftest.results import Row

_CAPABILITIES = ("avx2", "avx512_f", "avx512_bf16", "avx512_vnni", "amx_bf16")


def describe_device(device: torch.device, *, wants_gpu: bool = True) -> Row:
    """Return the row on the device, which is wrong where torch can't use the GPU that is there.

    Args:
        device: Device that is tested.
        wants_gpu: Whether a GPU would be tested if there were one that torch can use.
    """
    reason = unusable_reason() if wants_gpu else None
    found = _gpu(device) if device.type == "cuda" else _processor()
    if reason is None:
        return Row(name="device", state="right", found=f"{found}.")
    return Row(name="device", state="wrong", found=f"{found}; there is a GPU that torch can't use.", cure=reason)


def _gpu(device: torch.device) -> str:
    properties = torch.cuda.get_device_properties(device)
    return (
        f"{properties.name}, compute capability {properties.major}.{properties.minor},"
        f" {properties.total_memory / GIB:.1f} GiB, driver {kernel_facts().driver or 'unknown'}; torch"
        f" {torch.__version__}, CUDA {torch.version.cuda},"
        f" cuDNN {torch.backends.cudnn.version()},"  # type: ignore[no-untyped-call]
        f" built for {' '.join(torch.cuda.get_arch_list())}"
    )


def _processor() -> str:
    capabilities = torch.cpu.get_capabilities()
    has = [name for name in _CAPABILITIES if capabilities.get(name)]
    name = capabilities.get("cpu_name") or platform.machine()
    return (
        f"{name}, {usable_threads()} threads, {limit_gib():.1f} GiB, {', '.join(has) or 'no AVX2'}"
        f"{'' if capabilities.get('avx512_bf16') else ', no bfloat16'}; torch {torch.__version__},"
        f" {_openvino()}"
    )


def _openvino() -> str:
    try:
        return f"OpenVINO {version('openvino')}"
    except PackageNotFoundError:
        return "no OpenVINO"
