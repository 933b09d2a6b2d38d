"""Time of a training batch on this machine: a few batches of random numbers through the network of the plans.

Where a whole batch would need too much memory or time, a smaller patch is timed, and its time scaled by the number of
voxels.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod

import torch
from torch import nn
from torch.nn import functional

from hnseg.machine import GIB, free_ram_gib, usable_threads
from hnseg_training.fitting.expected.memory import Optimiser, training_memory
from hnseg_training.fitting.expected.planned_network import PlannedNetwork

LIMIT_S = 10.0
"""Seconds after which no further batch is begun."""
MOST_BATCHES = 4
MOST_GIB_ON_A_PROCESSOR = 1.6
"""Most memory of a batch that is timed on a processor, which passes through 1 GiB in some seconds."""
_SHARE_OF_FREE = 0.7  # of the free memory, for the estimate may be too low


@dataclass(frozen=True)
class BatchTime:
    """Time of a training batch, augmentation left out.

    Attributes:
        batch_s: Seconds a batch of the plans.
        patch_zyx: Size in voxels of the patch that was timed.
        batch_size: Patches of the batch that was timed.
        where: Name of the GPU, or the number of processors.
    """

    batch_s: float
    patch_zyx: tuple[int, int, int]
    batch_size: int
    where: str


def batch_time(planned: PlannedNetwork, trainer: Optimiser, *, limit_s: float = LIMIT_S) -> BatchTime | None:
    """Return the time of a batch where `fit` would train, measured now; None where not even a small one fits.

    Args:
        planned: Network and patches of the plans.
        trainer: Name of nnU-Net's trainer.
        limit_s: Seconds after which no further batch is begun.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    smaller = _that_fits(planned, trainer, most_gib=_most_gib(device), on_gpu=device.type == "cuda")
    if smaller is None:
        return None
    with _threads(1 if device.type == "cuda" else usable_threads()):
        measured_s = _shortest_step_s(smaller, device, limit_s)
    scale = prod(planned.patch_zyx) * planned.batch_size / (prod(smaller.patch_zyx) * smaller.batch_size)
    return BatchTime(measured_s * scale, smaller.patch_zyx, smaller.batch_size, _name_of(device))


def _most_gib(device: torch.device) -> float:
    if device.type == "cuda":
        return _SHARE_OF_FREE * torch.cuda.mem_get_info()[0] / GIB
    return min(MOST_GIB_ON_A_PROCESSOR, _SHARE_OF_FREE * free_ram_gib())


def _name_of(device: torch.device) -> str:
    return torch.cuda.get_device_name() if device.type == "cuda" else f"{usable_threads()} processors"


def _that_fits(planned: PlannedNetwork, trainer: Optimiser, *, most_gib: float, on_gpu: bool) -> PlannedNetwork | None:
    """Return the network with the largest patch whose batch fits: the plans' own, or halved along its longest axes."""
    for candidate in _smaller_and_smaller(planned):
        memory = training_memory(candidate, trainer)
        if (memory.gpu_gib if on_gpu else memory.ram_gib) <= most_gib:
            return candidate
    return None


def _smaller_and_smaller(planned: PlannedNetwork) -> Iterator[PlannedNetwork]:
    """Yield the network with its batch, with one patch, and with patches of half the size until none can be halved."""
    yield planned
    candidate = replace(planned, batch_size=1)
    while True:
        yield candidate
        sizes, divisors = candidate.patch_zyx, planned.divisors_zyx
        # Of two voxels at the lowest resolution along every axis; instance norm can't be trained on a single one.
        axes = [
            axis for axis in range(3) if sizes[axis] % (2 * divisors[axis]) == 0 and sizes[axis] >= 4 * divisors[axis]
        ]
        if not axes:
            return
        longest = max(axes, key=lambda axis: sizes[axis])
        z, y, x = (size // 2 if axis == longest else size for axis, size in enumerate(sizes))
        candidate = replace(candidate, patch_zyx=(z, y, x))


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _shortest_step_s(planned: PlannedNetwork, device: torch.device, limit_s: float) -> float:
    """Return the seconds of the quickest of some training steps; the first of them warms up."""
    with torch.device(device):
        network, image = planned.build(), torch.rand(planned.shape)
    if device.type == "cpu":  # as `fit` has it there
        network.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]  # torch's stubs know 2-D alone
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3, momentum=0.99, nesterov=True)
    steps_s: list[float] = []
    begun_s = time.monotonic()
    while len(steps_s) < MOST_BATCHES and (not steps_s or time.monotonic() - begun_s < limit_s):
        before_s = time.monotonic()
        _step(network, image, optimiser, device)
        steps_s.append(time.monotonic() - before_s)
    return min(steps_s)


def _step(network: nn.Module, image: torch.Tensor, optimiser: torch.optim.Optimizer, device: torch.device) -> None:
    """Train on a batch, with cross-entropy and a soft Dice of random classes at each resolution."""
    optimiser.zero_grad(set_to_none=True)
    with torch.autocast(device.type, enabled=device.type == "cuda"):
        outputs = network(image)
        loss = sum(map(_loss, outputs if isinstance(outputs, (list, tuple)) else [outputs]))
    loss.backward()  # type: ignore[union-attr]  # no int: there is an output
    optimiser.step()
    if device.type == "cuda":
        torch.cuda.synchronize()


def _loss(logits: torch.Tensor) -> torch.Tensor:
    classes = torch.randint(logits.shape[1], (logits.shape[0], *logits.shape[2:]), device=logits.device)
    overlap = logits.softmax(1).gather(1, classes[:, None]).mean()
    return functional.cross_entropy(logits, classes) - overlap
