"""Simulated machine, whose networks take time by a clock that they move themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch


@dataclass
class Clock:
    """Clock in seconds that tests and simulated networks move by hand."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class SimulatedBackend:
    """Networks with the same logits everywhere, fold + class; see `hnseg.inference.backends.protocol.Backend`.

    A pass takes the seconds that `pass_s` returns for the time by the clock. `fails` may raise before a pass, given the
    backend. `lighter_ones` are the backends that take its place when memory is short. Like a GPU, a backend with a
    queue is `ahead` of the clock by up to so many passes that were launched and have not ended.
    """

    clock: Clock
    pass_s: Callable[[float], float]
    outputs: int = 3
    folds: int = 5
    copies_together: int = 1
    copies_a_turn: int = 1
    fails: Callable[[SimulatedBackend], None] | None = None
    lighter_ones: list[SimulatedBackend] = field(default_factory=list)
    ahead: int = 0
    passes: int = 0
    ends_s: list[float] = field(default_factory=list)
    name: str = "simulated"
    precision: str = "exact"
    arithmetic: torch.dtype = torch.float32
    device: ClassVar[torch.device] = torch.device("cpu")
    pass_gib: ClassVar[float] = 0.0
    channels_last: ClassVar[bool] = False

    def logits(self, fold: int, batch: torch.Tensor) -> torch.Tensor:
        if self.fails is not None:
            self.fails(self)
        self.passes += len(batch)
        starts_s = max([self.clock.now_s, *self.ends_s[-1:]])
        self.ends_s.append(starts_s + len(batch) * self.pass_s(starts_s))
        self._wait_for_all_but(self.ahead)
        values = torch.arange(self.outputs, dtype=torch.float32) + fold
        return values.reshape(1, -1, *(1,) * (batch.ndim - 2)).expand(len(batch), -1, *batch.shape[2:])

    def wait(self) -> None:
        self._wait_for_all_but(1)

    def finish(self) -> None:
        self._wait_for_all_but(0)

    def _wait_for_all_but(self, passes: int) -> None:
        """Move the clock on to the end of the last pass but so many."""
        if len(self.ends_s) > passes:
            self.clock.now_s = max(self.clock.now_s, self.ends_s[-1 - passes])

    def release(self, fold: int) -> None:
        pass

    def in_single(self) -> SimulatedBackend | None:
        return None

    def lighter(self) -> SimulatedBackend | None:
        return self.lighter_ones.pop(0) if self.lighter_ones else None
