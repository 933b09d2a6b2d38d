"""Accumulation of tiles' logits for one image: its volume, and the sums over tiles."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar, cast

import numpy as np
import torch

from hnseg.errors import ModelError
from hnseg.imaging.box import Slices
from hnseg.inference.ensemble import Axes
from hnseg.inference.execution import Execution
from hnseg.inference.further.passes import FurtherPasses
from hnseg.inference.labelling.finished_plane import FinishedPlane, MemberLogits
from hnseg.inference.member_passes import MemberPasses, Pass, is_finite
from hnseg.inference.planning.effort import Effort, TileEffort, Turn
from hnseg.inference.planning.interest import Interest
from hnseg.inference.planning.tiling import Shape3, Tiling, Window, patch_3d
from hnseg.inference.rolling_means import RollingMeans
from hnseg.inference.rolling_sums import RollingSums, gaussian, pad_to_patch
from hnseg.inference.tile_totals import TileTotals
from hnseg.machine import give_back_freed_memory, process_started_s

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Turns = Callable[[], Iterable[Turn]]


class Accumulation:
    """Mean logits of one image on its network's grid, from the tiles predicted so far.

    Axes are rolled: that along which planes come one after another is the first.

    Attributes:
        window: Volume, padded to a patch, and the patch.
        inner: Slices of the image in the padded volume.
        execution: Execution of the networks' passes, which says where the volume and the sums are.
    """

    def __init__(
        self,
        execution: Execution,
        volume: torch.Tensor,
        effort: Effort,
        interest: Interest,
        further: FurtherPasses,
    ) -> None:
        """Prepare for an image.

        Args:
            execution: Execution of the networks' passes.
            volume: Input of the network, (c, z, y, x).
            effort: Most that may be done, by which a tile has mirrored copies or none.
            interest: Region that tiles must overlap to be predicted.
            further: Passes of the members beyond the folds.
        """
        self.execution, self._effort, self._interest, self._further = execution, effort, interest, further
        patch_size = execution.ensemble.bundle.configuration.patch_size
        padded, (_, *inner) = pad_to_patch(volume, patch_3d(patch_size))
        self._volume = self._rolled(padded)
        self._weights = self._rolled(gaussian(patch_size)[None])[0]
        shape, patch = (patch_3d(tuple(each)) for each in (self._volume.shape[1:], self._weights.shape))
        self.window = Window(shape, patch, is_flat=len(patch_size) == 2)
        self.inner = [inner[axis] for axis in execution.layout.order]
        self._sums: RollingSums | None = None
        self._member_sums: list[RollingSums | RollingMeans] = []
        self._has_predicted = False
        self._tiles_in_single = 0
        self._in_memory(self._move)

    def begin(self, *, further: bool = True) -> None:
        """Allocate new sums, all zero.

        Args:
            further: Whether members beyond the folds, where there are any, have sums too.
        """
        self.end()
        self._sums, self._member_sums = self._in_memory(partial(self._new_sums, further=further))

    def _new_sums(self, *, further: bool) -> tuple[RollingSums, list[RollingSums | RollingMeans]]:
        """Return the sums of the ensemble, and those of its members."""
        execution, (_, rows, columns) = self.execution, self.window.shape
        layout, outputs, channels_last = execution.layout, execution.ensemble.outputs, execution.backend.channels_last
        weights = self._weights.to(layout.sums_on)
        sums = RollingSums(outputs, (rows, columns), weights.to(layout.sums_in), channels_last=channels_last)
        of_member = RollingMeans if layout.members_in == torch.float16 else RollingSums
        count = layout.members if further else layout.members - layout.further
        members = [of_member(outputs, (rows, columns), weights, channels_last=channels_last) for _ in range(count)]
        return sums, members

    def end(self) -> None:
        """Free the memory of the sums."""
        self._sums, self._member_sums = None, []

    def tiles_to_predict(self, tiling: Tiling) -> list[Shape3]:
        """Return the first voxels of those tiles that overlap the region of interest."""
        if self._interest.mask is None:
            return list(tiling.starts)
        return [start for start in tiling.starts if self._interest.reaches(self._in_image(tiling.box(start)))]

    def _in_image(self, box: Slices) -> tuple[slice, ...]:
        """Return a tile's voxels on the network's grid, over whose ends it may reach."""
        parts = [slice(part.start - at.start, part.stop - at.start) for part, at in zip(box, self.inner, strict=True)]
        return tuple(parts[axis] for axis in self.execution.layout.order)

    def add(self, tiles: Sequence[Slices], turns: Turns, check: Callable[[], None]) -> TileEffort:
        """Predict some tiles, which begin at the first plane of the sums, and add their logits.

        Args:
            tiles: Voxels of each of them.
            turns: Function that returns the turns of folds on them, each of which ends before the next is asked for.
            check: Function called before every batch, which may stop the work by an error.

        Returns:
            The effort that each of them got.

        Raises:
            ModelError: The logits of a fold are not finite, in float32 neither.
        """
        sums, added = self._begun(), set[Pass]()
        mean, given = self._in_memory(lambda: self._finite_mean_logits(tiles, turns, check, added))
        for tile, (_, rows, columns) in enumerate(tiles):
            self._in_memory(partial(sums.add, mean[tile], rows, columns))
        self.execution.backend.finish()  # passes are only timed when they have ended
        return given

    def add_further(self, number: int, tiles: Sequence[Slices]) -> None:
        """Let a member beyond the folds predict some tiles, and add its logits to its sums, where it has any.

        What the ensemble predicts does not change by it. Where its logits are not finite, in float32 neither, it counts
        as not having seen the tiles.

        Args:
            number: Index among the members beyond the folds.
            tiles: Voxels of each tile; they begin at the first plane of the sums.
        """
        member = self.execution.backend.folds + number
        if member >= len(self._member_sums):
            return
        logits = self._in_memory(partial(self._further_logits, number, tiles))
        for tile, (_, rows, columns) in enumerate(tiles if logits is not None else ()):
            rolled = self._rolled(cast("torch.Tensor", logits)[tile])
            self._in_memory(partial(self._add_member, member, rolled, rows, columns))
        self.execution.backend.finish()

    def without_further(self) -> None:
        """Give up all members beyond the folds."""
        self.execution.layout = self.execution.layout.with_further(0)
        self._move()

    def _further_logits(self, number: int, tiles: Sequence[Slices]) -> torch.Tensor | None:
        """Return the logits (n, k, z, y, x) of a further member, once more in float32 where they are not finite."""
        predict = partial(
            self._further.logits,
            number,
            self.execution,
            self._rolled(self._volume),
            [self._network_box(box) for box in tiles],
        )
        logits = self.execution.by_any_backend(predict)
        if logits is None:
            with self.execution.in_single() as is_other:
                logits = predict() if is_other else None
        return logits

    @torch.inference_mode()  # in which logits were made, that alone may change them
    def _add_member(self, member: int, logits: torch.Tensor, rows: slice, columns: slice, *, passes: int = 1) -> None:
        """Add a member's mean logits (k, *patch) of a tile to its sums, where these have not been given up.

        The logits may be changed.
        """
        if member >= len(self._member_sums):
            return
        sums = self._member_sums[member]
        if isinstance(sums, RollingMeans) and not self.execution.ensemble.bundle.dataset.has_regions:
            logits -= logits.amax(dim=0)  # leaves probabilities as they are, and digits to what is likely
        sums.add(logits, rows, columns, passes=passes)

    def finished_planes(self, count: int, first: int) -> Iterator[FinishedPlane]:
        """Yield the sums' first planes, of the image only, and drop them from the sums.

        Args:
            count: Number of planes that no further tile will reach.
            first: Index of the first of them in the padded volume.
        """
        along = self.inner[0]
        sums = self._begun()
        give_back_freed_memory()  # of the tiles, as large as that of the planes that come now
        for plane in range(count):
            if along.start <= first + plane < along.stop:
                yield self._in_memory(partial(self._plane, sums, plane))
        for each in (sums, *self._member_sums):
            each.drop(count)
        give_back_freed_memory()

    def _plane(self, sums: RollingSums, plane: int) -> FinishedPlane:
        """Return a plane of the sums, of the image only.

        Raises:
            ModelError: They are not finite.
        """
        mean = sums.mean(plane)
        if not is_finite(mean):
            raise ModelError(
                "The sums of the logits over tiles must be finite numbers, but those of a plane are not:"
                f" {self.execution.layout}. Are the logits of this model beyond the range of that precision?"
            )
        _, rows, columns = self.inner
        members = None
        if self._member_sums:
            logits = [each.mean(plane)[..., rows, columns].cpu().float().numpy() for each in self._member_sums]
            is_seen = [each.is_seen(plane)[..., rows, columns].cpu().numpy() for each in self._member_sums]
            members = MemberLogits(np.stack(logits), np.stack(is_seen))
        return FinishedPlane(mean[..., rows, columns].cpu().float().numpy(), members)

    def _begun(self) -> RollingSums:
        if self._sums is None:
            self.begin()
        return cast("RollingSums", self._sums)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on passes that had to be repeated in another way."""
        if not (again := self._tiles_in_single):
            return tuple(self.execution.notes)
        overflowed = f"{again} tiles were predicted again in single precision, since half precision overflowed there."
        return (*self.execution.notes, overflowed)

    def _finite_mean_logits(
        self, tiles: Sequence[Slices], turns: Turns, check: Callable[[], None], added: set[Pass]
    ) -> tuple[torch.Tensor, TileEffort]:
        """Return what `_mean_logits` does, once more in float32 where it is not finite."""
        work = partial(self._mean_logits, tiles, turns, check, added)
        mean, given = self.execution.by_any_backend(work)
        if is_finite(mean):
            return mean, given
        with self.execution.in_single() as is_other:
            if is_other:
                mean, given = work()
                self._tiles_in_single += len(tiles)
            if not is_finite(mean):
                raise self._not_finite(tiles)
        return mean, given

    @torch.inference_mode()
    def _not_finite(self, tiles: Sequence[Slices]) -> ModelError:
        """Return the error of logits that are not finite, with the folds whose they are."""
        backend, bundle = self.execution.backend, self.execution.ensemble.bundle
        wrong = set()
        for fold, box in itertools.product(range(backend.folds), tiles):
            tile = self._rolled(self._volume[(slice(None), *box)])
            if not all(is_finite(logits) for logits in self.execution.logits_of(fold, [(tile, ())])):
                wrong.add(bundle.weights_files[fold])
        files = ", ".join(sorted(map(str, wrong))) or f"an ensemble in {bundle.folder}"
        return ModelError(
            f"The logits of every fold must be finite numbers, but those of {files} are NaN or infinite."
            " Did its training diverge, or is the image of another kind than those it was trained on?"
        )

    @torch.inference_mode()
    def _mean_logits(
        self, tiles: Sequence[Slices], turns: Turns, check: Callable[[], None], added: set[Pass]
    ) -> tuple[torch.Tensor, TileEffort]:
        """Return the rolled logits (n, k, *patch) of some tiles, the mean over the passes that each of them got.

        The passes go to the sums of members too, each fold's on a tile when they end, but for those added before.
        """
        outputs, backend = self.execution.ensemble.outputs, self.execution.backend
        inputs = [self._rolled(self._volume[(slice(None), *box)]).to(backend.device) for box in tiles]
        totals = TileTotals((len(inputs), outputs, *inputs[0].shape[1:]), backend.device, backend.channels_last)
        members = MemberPasses(partial(self._add_fold, tiles), added) if self._member_sums else None
        mirrors = self.execution.ensemble.mirrors(self._effort)
        folds = passes = 0
        for turn in turns():
            self._add_turn(turn, inputs, mirrors, check, totals=totals, members=members)
            folds, passes = max(folds, turn.fold + 1), passes + turn.count
        return self._rolled(totals.mean()), TileEffort(folds, passes / folds)

    def _add_turn(
        self,
        turn: Turn,
        inputs: Sequence[torch.Tensor],
        mirrors: Sequence[Axes],
        check: Callable[[], None],
        *,
        totals: TileTotals,
        members: MemberPasses | None,
    ) -> None:
        """Add one fold's logits of some copies of every tile to the totals, and to the passes of members."""
        own = mirrors[turn.first : turn.first + turn.count]
        totals.begin_turn(len(own))
        for tile, axes, logits in self._turn(inputs, turn.fold, own, check):
            totals.add(tile, logits)
            if members is not None:
                members.add(turn.fold, tile, axes, logits)
        if members is not None:
            members.end_tile()

    def _turn(
        self, inputs: Sequence[torch.Tensor], fold: int, mirrors: Sequence[Axes], check: Callable[[], None]
    ) -> Iterator[tuple[int, Axes, torch.Tensor]]:
        """Yield one fold's logits (k, z, y, x) of some copies of every tile, with its number and the copy's axes."""
        copies = [(number, axes) for number in range(len(inputs)) for axes in mirrors]
        for first in range(0, len(copies), self.execution.layout.copies_together):
            check()
            group = copies[first : first + self.execution.layout.copies_together]
            outputs = self.execution.logits_of(fold, [(inputs[number], axes) for number, axes in group])
            for (number, axes), logits in zip(group, outputs, strict=True):
                yield number, axes, logits
            self.execution.backend.wait()  # or a GPU would be many passes behind the clock that is read next
            self._log_first()
        self.execution.backend.release(fold)

    def _add_fold(self, tiles: Sequence[Slices], fold: int, tile: int, mean: torch.Tensor, passes: int) -> None:
        """Add a fold's mean logits of a tile to its sums; see `hnseg.inference.member_passes.AddMean`."""
        _, rows, columns = tiles[tile]
        self._add_member(fold, self._rolled(mean), rows, columns, passes=passes)

    def _in_memory(self, work: Callable[[], Result]) -> Result:
        return self.execution.in_memory(work, self._move)

    def _move(self) -> None:
        layout = self.execution.layout
        self._volume = self._volume.to(layout.sums_on)
        if self._sums is not None:
            self._sums.to(layout.sums_on, layout.sums_in)
        self._member_sums = [self._moved(each) for each in self._member_sums[: layout.members]]

    def _moved(self, sums: RollingSums | RollingMeans) -> RollingSums | RollingMeans:
        """Return a member's sums where and as the layout has them."""
        layout = self.execution.layout
        if isinstance(sums, RollingMeans):
            sums.to(layout.sums_on)
            return sums
        sums.to(layout.sums_on, torch.float32)
        return RollingMeans.of(sums) if layout.members_in == torch.float16 else sums

    def _network_box(self, box: Slices) -> Slices:
        """Return the voxels of a tile with the network's axes in their own order."""
        z, y, x = (box[axis] for axis in self.execution.layout.order)
        return (z, y, x)

    def _rolled(self, volume: torch.Tensor) -> torch.Tensor:
        """Return (..., z, y, x) with the axis along which planes come at the front, or back in its place."""
        return volume.transpose(-3, -3 + self.execution.layout.rolls_along)

    def _log_first(self) -> None:
        if not self._has_predicted:
            logger.info("first tile %.1f s after process start", time.monotonic() - process_started_s())
        self._has_predicted = True
