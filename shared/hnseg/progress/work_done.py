"""Work of networks on an image that is done so far: its share of all, and the tile, fold and model that run now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

Stage = Literal["", "first look", "first stage", "seen again"]
"""Stage of a prediction that is told apart: the preview, a cascade's first networks, planes predicted again."""


@dataclass(frozen=True)
class WorkDone:
    """Work on an image that is done, counted in passes: tiles times folds times mirrored copies.

    Attributes:
        share: Share of all passes that are expected, 0 to 1.
        tiles: Number of tiles that the networks which run now have seen with all folds.
        of_tiles: Number of tiles that they will see.
        fold: Number of the fold that runs, from 1; 0 between two.
        of_folds: Number of folds.
        model: Number of the model that runs, from 1.
        of_models: Number of models.
        stage: Stage, where it is not the only one.
    """

    share: float
    tiles: int = 0
    of_tiles: int = 0
    fold: int = 0
    of_folds: int = 0
    model: int = 1
    of_models: int = 1
    stage: Stage = ""

    def as_part(self, begin: float, end: float) -> WorkDone:
        """Return the same work as a part of more, which begins and ends at these shares of it."""
        return replace(self, share=begin + (end - begin) * self.share)

    @property
    def place(self) -> str:
        """Stage, model, tiles and fold in words; empty where there are none."""
        numbers = (("model", self.model, self.of_models), ("fold", self.fold, self.of_folds))
        model, fold = (f"{name} {number} of {of}" if number and of > 1 else "" for name, number, of in numbers)
        tiles = f"{self.tiles} of {self.of_tiles} tiles" if self.of_tiles else ""
        return ", ".join(filter(None, (self.stage, model, tiles, fold)))

    @property
    def words(self) -> str:
        """Share and place in words, for a line of a log."""
        return ", ".join(filter(None, (f"{int(100 * self.share)} %", self.place)))


Progress = Callable[[WorkDone], None]
"""Function called before and after passes of networks with the work done so far."""
