"""One image on its way through the networks: which folds and mirrored copies see which tile, as time allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import gcd
from typing import TYPE_CHECKING

import SimpleITK as sitk
import torch

from hnseg.imaging.geometry import FloatArray, Grid
from hnseg.inference.budget import WIDE_STEP, Deadline, Effort, EffortSpent, Pace, Share, reserve_s
from hnseg.inference.label_map import Target, to_label_map
from hnseg.inference.preprocessing import Placement
from hnseg.inference.tiles import gaussian, mean_planes, pad_to_patch, patch_3d, tile

if TYPE_CHECKING:
    from hnseg.inference.ensemble import Ensemble

Progress = Callable[[int, int], None]
"""Is told after each tile how many are done and how many there are."""


@dataclass(frozen=True)
class Prediction:
    """What an ensemble says of one image.

    Attributes:
        label_map: On the image's grid: uint8, or uint16 where a label is over 255.
        effort_spent: What was done for it.
        notes: What was given up to keep to the limits, a sentence each.
        seconds: How long each step took: `preprocessing`, `tiles` and `label_map`.
    """

    label_map: sitk.Image
    effort_spent: EffortSpent
    notes: tuple[str, ...]
    seconds: Mapping[str, float]


@dataclass
class Run:
    """One image and what may be done for it.

    Attributes:
        ensemble: Sees it.
        volume: (c, z, y, x), as the network sees it, on the device where sums over tiles are.
        placement: Where the volume lies in the image as the network sees it.
        grid: The image's grid.
        deadline: When the case must have ended.
        effort: The most that may be done.
        progress: Is told after each tile.
        seconds: How long each step has taken so far.
    """

    ensemble: Ensemble
    volume: torch.Tensor
    placement: Placement
    grid: Grid
    deadline: Deadline
    effort: Effort
    progress: Progress | None = None
    seconds: dict[str, float] = field(
        default_factory=lambda: dict.fromkeys(("preprocessing", "tiles", "label_map"), 0.0)
    )

    def __post_init__(self) -> None:
        patch = self.ensemble.bundle.configuration.patch_size
        self._padded, self._inner = pad_to_patch(self.volume, patch_3d(patch))
        full = Share(folds=self.ensemble.backend.folds, mirrors=len(self.ensemble.mirrors(self.effort)))
        self._pace = Pace(full, self.deadline, self._reserve_s(0))
        self._step = self.effort.step
        self._tiling = tile(tuple(self._padded.shape[1:]), patch, self._step)

    @property
    def effort_spent(self) -> EffortSpent:
        """What has been done."""
        return self._pace.spent(self._step)

    def predict(self) -> Prediction:
        """Let the networks see every tile, and make a label map of what they say.

        Raises:
            DeadlineError: The time was over before every tile was seen.
        """
        bundle = self.ensemble.bundle
        started_s = self.deadline.clock()
        target = Target(self.placement, self.grid, bundle.dataset, bundle.configuration.resampling_of_logits)
        label_map = to_label_map(self.planes(), target)
        self.seconds["label_map"] = self.deadline.clock() - started_s - self.seconds["tiles"]
        spent = self.effort_spent
        seconds = {step: round(taken, 3) for step, taken in self.seconds.items()}
        return Prediction(label_map, spent, spent.notes(self._pace.full, self.effort, self.deadline), seconds)

    def planes(self) -> Iterator[FloatArray]:
        """Yield the logits (k, y, x), k classes or regions, of each plane along the network's first axis.

        Planes come in blocks, when the tiles that reach them have been seen, and each is the receiver's own.

        Raises:
            DeadlineError: The time was over before every tile was seen.
        """
        since_s = self.deadline.clock()
        self._choose_tiling()
        weights = gaussian(self.ensemble.bundle.configuration.patch_size).to(self._padded.device, self._sums_in)
        shape = (self.ensemble.outputs, *self._padded.shape[1:])
        _, depth, *in_plane = self._inner
        for number, plane in enumerate(mean_planes(shape, self._tiling, weights, self._logits_of)):
            if depth.start <= number < depth.stop:
                logits = plane[(slice(None), *in_plane)].cpu().float().numpy()
                handed_over_s = self.deadline.clock()
                self.seconds["tiles"] += handed_over_s - since_s
                yield logits
                since_s = self.deadline.clock()
                self.seconds["label_map"] += since_s - handed_over_s
                self._pace.reserve_s = self._reserve_s(number + 1 - depth.start)

    @property
    def _sums_in(self) -> torch.dtype:
        """The type of sums over tiles: half precision only in fast mode and where a GPU sums.

        A processor adds half precision twelve times slower than single precision.
        """
        is_fast = self.ensemble.backend.precision == "fast" and self._padded.device.type == "cuda"
        return torch.float16 if is_fast else torch.float32

    def _reserve_s(self, planes_done: int) -> float:
        """Return the time to keep when so many planes are in the label map, going by how long they took."""
        planes_left = self.placement.network_shape[0] - planes_done
        voxels = torch.Size(self.placement.cropped_shape).numel() * planes_left // self.placement.network_shape[0]
        plane_s = self.seconds["label_map"] / planes_done if planes_done else 0.0
        return reserve_s(self.deadline, voxels=voxels, outputs=self.ensemble.outputs, measured_s=plane_s * planes_left)

    def _choose_tiling(self) -> None:
        """Take tiles further apart if one fold, timed on the first tiles, shows that there is no time for all folds."""
        if not self.deadline.is_limited:
            return
        together = self.ensemble.backend.copies_together
        trial = Share(1, min(self._pace.full.mirrors, together))
        tiles = self._tiles(self._tiling.slabs[0][: together // trial.mirrors])
        for _ in range(2):  # the first pass is slower than those that follow, and is not counted
            started_s = self.deadline.clock()
            self._mean_logits(tiles, trial, "loading and preparing")
            seconds = self.deadline.clock() - started_s
        self._pace.measured(seconds, trial.passes * len(tiles))
        if self._pace.passes_per_tile(len(self._tiling.starts)) < self._pace.full.folds and self._step < WIDE_STEP:
            self._step = WIDE_STEP
            patch = self.ensemble.bundle.configuration.patch_size
            self._tiling = tile(tuple(self._padded.shape[1:]), patch, WIDE_STEP)

    def _logits_of(self, slab: range) -> Iterator[torch.Tensor]:
        """Yield the mean logits of each tile over the folds and mirrored copies that there is time for."""
        count = len(self._tiling.starts)
        while slab:
            share = self._pace.share(count - slab.start)
            group = self._group(slab, share)
            started_s = self.deadline.clock()
            yield from self._mean_logits(self._tiles(group), share, f"{slab.start} of {count} tiles")
            # By now the tiles have been added to the sums, which takes time too.
            self._pace.measured(self.deadline.clock() - started_s, share.passes * len(group))
            self._pace.gave(share, len(group))
            if self.progress is not None:
                for number in group:
                    self.progress(number + 1, count)
            slab = slab[len(group) :]

    def _group(self, slab: range, share: Share) -> range:
        """Return the next tiles of a slab that each fold sees in one turn: as few as fill its turns and batches."""
        a_turn = self.ensemble.backend.copies_a_turn
        return slab[: a_turn // gcd(a_turn, share.mirrors)]

    def _tiles(self, numbers: range) -> list[torch.Tensor]:
        return [self._padded[self._tiling.box(number)] for number in numbers]

    @torch.inference_mode()
    def _mean_logits(self, tiles: Sequence[torch.Tensor], share: Share, done: str) -> torch.Tensor:
        """Return the logits (n, k, *patch) of n tiles."""
        mirrors = self.ensemble.mirrors(self.effort)[: share.mirrors]
        copies = [(number, flips) for number in range(len(tiles)) for flips in mirrors]
        backend = self.ensemble.backend
        together = backend.copies_together
        shape = (len(tiles), self.ensemble.outputs, *tiles[0].shape[1:])
        total = torch.zeros(shape, device=backend.device)
        for fold in range(share.folds):
            for first in range(0, len(copies), together):
                self.deadline.check(done)
                group = copies[first : first + together]
                seen = self.ensemble.logits_of(fold, [(tiles[number], flips) for number, flips in group])
                for (number, _), logits in zip(group, seen, strict=True):
                    total[number] += logits
            backend.rest(fold)
        if backend.device.type == "cuda" and self.deadline.is_limited:
            torch.cuda.synchronize(backend.device)  # passes are only timed when they have ended
        return total.div_(share.passes)
