"""Entropy of classes or regions whose logits come one volume after another, in the memory of three or four of them.

With m the largest logit so far, s the sum of exp(l - m) and t that of l exp(l - m), the entropy of classes is
m + ln s - t / s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch

from hnseg.imaging.geometry import FloatArray
from hnseg.inference.labelling.member_entropy import entropies_of_regions


class RunningEntropy:
    """Entropy of the volumes of logits that have passed."""

    def __init__(self, *, has_regions: bool) -> None:
        """Begin without any.

        Args:
            has_regions: Whether the volumes are of regions, which may overlap, and not of classes.
        """
        self._has_regions = has_regions
        self._sums: tuple[FloatArray, FloatArray, FloatArray] | None = None
        self._entropy: FloatArray | None = None

    def passing(self, volumes: Iterable[FloatArray]) -> Iterator[FloatArray]:
        """Yield the logits (z, y, x) of each class or region, and take them into account."""
        self._sums = self._entropy = None
        for logits in volumes:
            if self._has_regions:
                own = entropies_of_regions(torch.from_numpy(logits)[None, None])[0].numpy()
                self._entropy = own if self._entropy is None else self._entropy + own
            else:
                self._add_class(logits)
            yield logits

    @property
    def entropy(self) -> FloatArray:
        """Entropy (z, y, x) in nats, float32, once at least one volume has passed; none below 0."""
        if self._sums is not None:
            most, total, weighted = self._sums
            self._entropy, self._sums = np.maximum(most + np.log(total) - weighted / total, 0), None
        if self._entropy is None:
            raise ValueError("a volume must have passed before there is an entropy of it")
        return self._entropy

    def _add_class(self, logits: FloatArray) -> None:
        if self._sums is None:
            self._sums = logits.copy(), np.ones_like(logits), logits.copy()
            return
        most, total, weighted = self._sums
        former = np.exp(np.minimum(most - logits, 0))  # weight of what was there, relative to the new largest
        np.maximum(most, logits, out=most)
        own = np.exp(logits - most)
        total *= former
        total += own
        weighted *= former
        weighted += own * logits
