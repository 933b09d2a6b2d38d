"""Where one image meets the networks: its volume, the sums over tiles, and passes that make do with less memory."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

import torch

from hnseg.imaging.box import Slices
from hnseg.imaging.geometry import FloatArray
from hnseg.inference.planning.deadline import Allowance, Effort, Share
from hnseg.inference.planning.interest import Interest
from hnseg.inference.planning.memory import Room
from hnseg.inference.planning.tiling import RollingSums, Shape3, Tiling, Window, gaussian, pad_to_patch, patch_3d
from hnseg.machine import is_exhausted, process_started_s

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Axes, Ensemble

logger = logging.getLogger(__name__)

Result = TypeVar("Result")


class Accumulation:
    """One image on its network's grid, and what is known of it so far.

    Axes are rolled: that along which planes come one after another is the first.

    Attributes:
        window: The volume, padded to a patch, and the patch.
        inner: Where the image lies in it.
        room: Where things live; changes when memory was not enough.
    """

    def __init__(
        self, ensemble: Ensemble, volume: torch.Tensor, effort: Effort, interest: Interest, room: Room
    ) -> None:
        """Prepare for an image.

        Args:
            ensemble: Sees it; its networks may move to where they need less memory.
            volume: (c, z, y, x), as the network sees it.
            effort: Says which mirrored copies there are.
            interest: What tiles must reach to be seen.
            room: Where things live.
        """
        self.room = room
        self._ensemble, self._effort, self._interest = ensemble, effort, interest
        patch_size = ensemble.bundle.configuration.patch_size
        padded, (_, *inner) = pad_to_patch(volume, patch_3d(patch_size))
        self._volume = self._rolled(padded)
        self._weights = self._rolled(gaussian(patch_size)[None])[0]
        shape, patch = (patch_3d(tuple(each)) for each in (self._volume.shape[1:], self._weights.shape))
        self.window = Window(shape, patch, is_flat=len(patch_size) == 2)
        self.inner = [inner[axis] for axis in room.order]
        self._sums: RollingSums | None = None
        self._has_seen = False
        self._with_less(self._move)

    def begin(self) -> None:
        """Make place for new sums, which nothing has been added to."""
        self._sums = None
        outputs, (_, rows, columns) = self._ensemble.outputs, self.window.shape
        self._sums = self._with_less(
            lambda: RollingSums(outputs, (rows, columns), self._weights.to(self.room.sums_on, self.room.sums_in))
        )

    def end(self) -> None:
        """Give back the memory of the sums."""
        self._sums = None

    def of_interest(self, tiling: Tiling) -> list[Shape3]:
        """Return the first voxels of those tiles that the networks are to see."""
        if self._interest.mask is None:
            return list(tiling.starts)
        return [start for start in tiling.starts if self._interest.reaches(self._in_image(tiling.box(start)))]

    def _in_image(self, box: Slices) -> tuple[slice, ...]:
        """Return a tile's voxels on the network's grid, over whose ends it may reach."""
        parts = [slice(part.start - at.start, part.stop - at.start) for part, at in zip(box, self.inner, strict=True)]
        return tuple(parts[axis] for axis in self.room.order)

    def see(self, tiles: Sequence[Slices], allowance: Allowance, check: Callable[[], None]) -> Share:
        """Add what the networks say of some tiles, which begin at the first plane of the sums.

        Args:
            tiles: Their voxels.
            allowance: What they may have.
            check: Is called before every batch, and may stop the work by an error.

        Returns:
            What each of them got.
        """
        sums = self._begun()
        means, given = self._with_less(lambda: self._mean_logits(tiles, allowance, check))
        for logits, (_, rows, columns) in zip(means, tiles, strict=True):
            self._with_less(partial(sums.add, logits, rows, columns))
        if self._ensemble.backend.device.type == "cuda":
            torch.cuda.synchronize()  # passes are only timed when they have ended
        return given

    def finish(self, count: int, first: int) -> Iterator[FloatArray]:
        """Yield the logits (k, y, x) of the sums' first planes, those of the image only.

        Args:
            count: How many planes no tile will reach any more.
            first: The number of the first of them in the volume.
        """
        along, *in_plane = self.inner
        sums = self._begun()
        for plane in range(count):
            if along.start <= first + plane < along.stop:
                mean = self._with_less(partial(sums.mean, plane))
                yield mean[(slice(None), *in_plane)].cpu().float().numpy()
        sums.drop(count)

    def _begun(self) -> RollingSums:
        if self._sums is None:
            self.begin()
        return cast("RollingSums", self._sums)

    @torch.inference_mode()
    def _mean_logits(
        self, tiles: Sequence[Slices], allowance: Allowance, check: Callable[[], None]
    ) -> tuple[torch.Tensor, Share]:
        """Return the logits (n, k, *patch) of n tiles, the mean over the passes that each of them got."""
        seen = [self._rolled(self._volume[(slice(None), *box)]) for box in tiles]
        total = torch.zeros(
            (len(seen), self._ensemble.outputs, *seen[0].shape[1:]), device=self._ensemble.backend.device
        )
        folds = passes = 0
        for flips, fold in self._turns(len(seen), allowance):
            if passes and not allowance.may_go_on(len(flips) * len(seen)):
                break
            self._add_turn(total, seen, fold, flips, check)
            folds, passes = max(folds, fold + 1), passes + len(flips)
        return self._rolled(total.div_(passes)), Share(folds, passes / folds)

    def _turns(self, tiles: int, allowance: Allowance) -> Iterator[tuple[Sequence[Axes], int]]:
        """Yield which copies which fold sees: all at once, or in rounds, of copies enough for a batch."""
        mirrors = self._ensemble.mirrors(self._effort)[: int(allowance.share.mirrors)]
        size = max(1, self.room.together // tiles) if allowance.in_rounds else len(mirrors)
        for first in range(0, len(mirrors), size):
            for fold in range(allowance.share.folds):
                yield mirrors[first : first + size], fold

    def _add_turn(
        self,
        total: torch.Tensor,
        seen: Sequence[torch.Tensor],
        fold: int,
        flips: Sequence[Axes],
        check: Callable[[], None],
    ) -> None:
        """Add what one fold says of some copies of every tile to their logits."""
        copies = [(number, axes) for number in range(len(seen)) for axes in flips]
        for first in range(0, len(copies), self.room.together):
            check()
            group = copies[first : first + self.room.together]
            outputs = self._ensemble.logits_of(fold, [(seen[number], axes) for number, axes in group])
            for (number, _), logits in zip(group, outputs, strict=True):
                total[number] += logits
            self._tell_first()
        self._ensemble.backend.rest(fold)

    def _with_less(self, work: Callable[[], Result]) -> Result:
        """Do something, and again with less need for memory as long as there is not enough."""
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                less = self._less() if is_exhausted(error) else None
                if less is None:
                    raise
            self._make_do_with(less)  # not before the error is gone, which holds what the work had

    def _less(self) -> Room | None:
        """Return a room that takes less memory, None where there is nothing left to give up."""
        less = self.room.less()
        if less is None and self._ensemble.lighten():
            less = self.room.for_networks_of(self._ensemble.backend)
        return less

    def _make_do_with(self, room: Room) -> None:
        self.room = room
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self._move()
        logger.info("note: memory was not enough, so that from now on there are %s.", room)

    def _move(self) -> None:
        self._volume = self._volume.to(self.room.sums_on)
        if self._sums is not None:
            self._sums.to(self.room.sums_on, self.room.sums_in)

    def _rolled(self, volume: torch.Tensor) -> torch.Tensor:
        """Bring the axis that planes come along to the front of (..., z, y, x), or back to its place."""
        return volume.transpose(-3, -3 + self.room.rolls_along)

    def _tell_first(self) -> None:
        if not self._has_seen:
            logger.info("first tile %.1f s after process start", time.monotonic() - process_started_s())
        self._has_seen = True
