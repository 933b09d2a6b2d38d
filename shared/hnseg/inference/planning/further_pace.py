"""Pace of the members beyond the folds, which get only the time that the folds' passes leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hnseg.inference.planning.deadline import MARGIN
from hnseg.inference.planning.pace import Pace

_UNKNOWN = 5.0  # of a fold's pass: how long the first may take; torch took up to so many times OpenVINO's for dropout


@dataclass
class FurtherPace:
    """Pace of the passes of members beyond the folds, each of which has one pass a tile.

    Attributes:
        pace: Pace of the folds' passes, which come first.
        kinds: Kind of each member, such as `dropout`, in the order in which they are predicted.
        is_left_out: Whether all of them were given up for time, before the first tile.
        seen: Number of tiles that each of them has seen.
        tiles: Number of tiles that the folds have seen.
    """

    pace: Pace
    kinds: Sequence[str]
    is_left_out: bool = False
    tiles: int = 0
    seen: list[int] = field(init=False)
    _seconds: float = 0.0

    def __post_init__(self) -> None:
        self.seen = [0] * self.asked

    @property
    def asked(self) -> int:
        """Number of members."""
        return len(self.kinds)

    @property
    def shares(self) -> tuple[float, ...]:
        """Part of the tiles that each member has seen, 0 to 1."""
        return tuple(each / max(1, self.tiles) for each in self.seen)

    def has_none_left(self, tiles: int) -> bool:
        """Return whether there is no time beyond the folds' passes on so many tiles."""
        return self.pace.passes_left < tiles * self.pace.full.passes

    def turns(self, tiles: int, kept: int) -> Iterator[int]:
        """Yield the members to predict tiles that the folds have just predicted, as long as there is time.

        Tiles share what is left; only the very first pass, whose time is not known, may take any of it. A member's
        passes must have ended when the next is asked for.

        Args:
            tiles: Number of these tiles, which are not among those left any more.
            kept: Number of members that there is memory for, the first ones.
        """
        self.tiles += tiles
        clock = self.pace.deadline.clock
        begun_s, free_s = clock(), self._free_s()
        part_s = free_s * tiles / (self.pace.tiles_left + tiles)
        for member in range(kept):
            started_s, is_first = clock(), not self._seconds
            pass_s = _UNKNOWN * (self.pace.pass_s or 0.0) if is_first else self._seconds / sum(self.seen)
            if started_s - begun_s + tiles * pass_s > (free_s if is_first else part_s):
                return
            yield member
            self.seen[member] += tiles
            self._seconds += clock() - started_s

    def notes(self, kept: int) -> tuple[str, ...]:
        """Return sentences on members that were given up: for time, or because memory was enough for fewer.

        Args:
            kept: Number of members that there was memory for in the end.
        """
        end = f" to end within {self.pace.deadline.limit_s:g} s"
        if self.is_left_out:
            return (f"The {self.asked} members beyond the folds (dropout, test-time copies) were left out{end}.",)
        notes = []
        if kept < self.asked:
            notes.append(f"Memory was enough for {kept} of {self.asked} members beyond the folds.")
        mean = sum(self.seen[:kept]) / max(1, self.tiles)
        if self.tiles and mean < kept:
            notes.append(f"A tile was seen by {int(10 * mean) / 10:g} of {kept} members beyond the folds{end}.")
        return tuple(notes)

    def _free_s(self) -> float:
        """Return the seconds that the folds' passes on all tiles left won't need."""
        if not self.pace.deadline.is_limited:
            return float("inf")
        needed_s = self.pace.tiles_left * self.pace.full.passes * (self.pace.pass_s or 0.0) * MARGIN
        return max(0.0, self.pace.time_left_s - needed_s)
