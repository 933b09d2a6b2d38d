"""Schedules of the learning rate: a cosine after a linear warm-up; a fall where the validation Dice stagnates."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from torch.optim.lr_scheduler import ReduceLROnPlateau


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


class Plateau:
    """Schedule that multiplies the learning rate by 0.05 whenever the validation Dice has not risen for long.

    It is PyTorch's `ReduceLROnPlateau` with a patience of 10 epochs: the rate falls after the eleventh epoch in turn
    whose Dice is not over the highest one by its share of 1e-4. After Kutnár et al. (2023), who lowered it "by a
    factor of 0.05" after 10 stagnating iterations, here read as multiplied, and as epochs.
    """

    FACTOR = 0.05
    PATIENCE_EPOCHS = 10

    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer
        self._rule = ReduceLROnPlateau(optimizer, mode="max", factor=self.FACTOR, patience=self.PATIENCE_EPOCHS)

    def step(self, epoch: int) -> None:
        """Leave the rate as it is: nnU-Net steps before an epoch, whose Dice is not known yet."""

    def follow(self, dice: float) -> None:
        """Set the rate of the next epoch by the validation Dice of the one that ends."""
        self._rule.step(dice)

    def go_on_after(self, measured: Iterable[float]) -> None:
        """Bring the counts to where they were after epochs of a validation Dice each, and leave the rate as it is."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        for dice in measured:
            self._rule.step(dice)
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
