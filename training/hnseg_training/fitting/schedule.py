"""Schedule of the learning rate: a cosine after a linear warm-up."""

from __future__ import annotations

import math
from typing import Any


class WarmCosine:
    """Schedule that nnU-Net's loop steps once an epoch: a linear rise, then half a cosine down to 0.

    The rate of epoch e is (e + 1) / (w + 1) of the full one during w epochs of warm-up.
    """

    def __init__(self, optimizer: Any, learning_rate: float, *, epochs: int, warm_up_epochs: int) -> None:
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.warm_up_epochs = min(warm_up_epochs, epochs - 1)

    def step(self, epoch: int) -> None:
        """Set the learning rate of an epoch, counted from 0."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.learning_rate * self.share(epoch)

    def share(self, epoch: int) -> float:
        """Return the learning rate of an epoch as a share of the full one.

        >>> schedule = WarmCosine(None, 1.0, epochs=6, warm_up_epochs=2)
        >>> [round(schedule.share(epoch), 3) for epoch in range(6)]
        [0.333, 0.667, 1.0, 0.854, 0.5, 0.146]
        """
        if epoch < self.warm_up_epochs:
            return (epoch + 1) / (self.warm_up_epochs + 1)
        done = (epoch - self.warm_up_epochs) / (self.epochs - self.warm_up_epochs)
        return (1 + math.cos(math.pi * done)) / 2
