"""Severity of a perturbation, and the numbers that it is drawn from."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

import numpy as np

Severity = Literal[0, 1, 2, 3]
"""Severity as published, 1 to 3; 0 leaves an image as it is."""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)[1:]
"""Severities that change an image."""

Range = tuple[float, float]
"""Bounds of a uniform distribution, the smaller one first."""

Triple = tuple[float, float, float]
"""Numbers along the axes (x, y, z)."""

Strength = TypeVar("Strength")


def at_severity(severity: Severity, strengths: tuple[Strength, Strength, Strength]) -> Strength:
    """Return what a kind is drawn from at a severity of 1 to 3.

    Raises:
        ValueError: The severity is another.

    >>> at_severity(2, ("weak", "strong", "stronger"))
    'strong'
    """
    if severity not in SEVERITIES:
        raise ValueError(f"a perturbation must have a severity of 1 to 3, found {severity}")
    return strengths[severity - 1]


def triple_within(bounds: Range, rng: np.random.Generator) -> Triple:
    """Return three independent uniform numbers (x, y, z)."""
    x, y, z = rng.uniform(*bounds, size=3).tolist()
    return x, y, z
