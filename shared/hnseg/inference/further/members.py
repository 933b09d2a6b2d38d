"""Members of an ensemble beyond its folds: what each of them is, and by which fold it is predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal

from hnseg.inference.ensemble import Ensemble
from hnseg.inference.further.asked import FurtherMembers
from hnseg.inference.further.augmentation import UNCHANGED, Change, drawn_change
from hnseg.inference.further.dropout import dropout_seed, has_dropout

Kind = Literal["dropout", "tta"]
NO_DROPOUT = (
    "No Monte Carlo dropout passes were made, because the network has no dropout layer of a probability over 0."
)
"""Note on dropout passes that were asked for of a network without dropout."""


@dataclass(frozen=True)
class FurtherMember:
    """Member beyond the folds: one pass of one fold on every tile.

    Attributes:
        kind: Whether features are dropped, or the image is changed.
        number: Number among the members of its kind, from 0.
        fold: Index of the fold whose network it is.
        change: Change of the image.
    """

    kind: Kind
    number: int
    fold: int
    change: Change = UNCHANGED

    def seeds(self, first_voxels: list[tuple[int, ...]]) -> list[int]:
        """Return the seed of the dropout on each of some tiles; none where nothing is dropped."""
        return [dropout_seed(self.number, first) for first in first_voxels] if self.kind == "dropout" else []


def further_members(asked: FurtherMembers, ensemble: Ensemble) -> tuple[tuple[FurtherMember, ...], tuple[str, ...]]:
    """Return the members, dealt over the folds in turn, and notes on those that can't be had or run in another way.

    The two kinds take turns, so that either is there where time or memory allows for some of them only.

    Args:
        asked: Numbers of members.
        ensemble: Trained networks, loaded.
    """
    dropout, notes = _dropout_members(asked.dropout, ensemble)
    pairs = zip_longest(dropout, _copies(asked.tta, ensemble))
    return tuple(member for member in chain.from_iterable(pairs) if member is not None), notes


def _dropout_members(count: int, ensemble: Ensemble) -> tuple[list[FurtherMember], tuple[str, ...]]:
    if not count:
        return [], ()
    if not has_dropout(ensemble.bundle):
        return [], (NO_DROPOUT,)
    notes: tuple[str, ...] = ()
    if ensemble.backend.module(0) is None:
        notes = (f"{ensemble.backend.name} has no dropout: torch ran the {count} dropout passes.",)
    return [FurtherMember("dropout", number, number % ensemble.backend.folds) for number in range(count)], notes


def _copies(count: int, ensemble: Ensemble) -> Iterator[FurtherMember]:
    bundle = ensemble.bundle
    is_flat = len(bundle.configuration.patch_size) == 2
    for number in range(count):
        change = drawn_change(number, bundle.mirroring_axes, is_flat=is_flat)
        yield FurtherMember("tta", number, number % ensemble.backend.folds, change)
