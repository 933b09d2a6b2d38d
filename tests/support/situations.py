"""Situations in which predictions are compared with nnU-Net's: a model, and an image for it."""

from dataclasses import dataclass

STRAIGHT = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
OBLIQUE = (0.0, -0.6, 0.8, 1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
FIVE = {"background": 0, "a": 1, "b": 2, "c": 3, "d": 4}
REGIONS = {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "edge": 3}


@dataclass(frozen=True)
class Situation:
    """A model and an image, for a prediction beside nnU-Net's; lengths are (z, y, x)."""

    model: dict
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    direction: tuple[float, ...] = STRAIGHT
    border: int = 0
    folds: tuple[int, ...] = (0,)
    mirroring: bool = False
    hole: bool = False
