"""Execution of an ensemble's passes for one case: by which backend, in which memory, and what follows its errors."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar, cast

import torch
from torch import nn

from hnseg.errors import ConversionError
from hnseg.inference.backends.cuda_memory import is_in_words_of_libraries
from hnseg.inference.backends.protocol import Backend
from hnseg.inference.ensemble import Axes, Ensemble
from hnseg.inference.further.dropout import with_dropout
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.machine import is_exhausted

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
_MOST_STEPS_BY_WORDS = 2  # down, by words that may mean another thing: sums to RAM, and weights that travel


class Execution:
    """Execution of passes for one case, with less memory and by other means as it goes on.

    The ensemble stays as it was loaded, so that the next case begins with all there is.

    Attributes:
        ensemble: Networks of all folds.
        backend: Backend that runs them now.
        layout: Devices of the networks and the sums now.
        notes: Sentences on what was not enough, or failed, so far.
    """

    def __init__(self, ensemble: Ensemble, layout: MemoryLayout) -> None:
        """Begin with the ensemble's own backend."""
        self.ensemble, self.backend, self.layout = ensemble, ensemble.backend, layout
        self.notes: list[str] = list(ensemble.notes)
        self._steps_by_words = 0

    @property
    def record(self) -> Mapping[str, str]:
        """Values for the provenance: `device`, `backend`, `precision` (asked for) and `arithmetic` (used)."""
        return {
            "device": str(self.backend.device),
            "backend": self.backend.name,
            "precision": self.backend.precision,
            "arithmetic": str(self.backend.arithmetic).removeprefix("torch."),
        }

    def logits_of(
        self, fold: int, copies: Sequence[tuple[torch.Tensor, Axes]], dropout_seeds: Sequence[int] = ()
    ) -> Iterator[torch.Tensor]:
        """Yield one fold's float32 logits (k, z, y, x) of each of some tiles, to be used before the fold's next pass.

        Args:
            fold: Index of the fold among the networks.
            copies: Tiles (c, z, y, x) as the volume has them, each with the axes along which it is flipped for the
                pass; they go through the network together. The logits are flipped back.
            dropout_seeds: Seed for each of the tiles, by which the network's dropout layers drop features; none where
                they drop nothing.
        """
        is_flat = len(self.ensemble.bundle.configuration.patch_size) == 2
        tiles = [(tile[:, 0] if is_flat else tile, axes) for tile, axes in copies]
        batch = torch.stack([_flipped(tile.to(self.backend.device), axes) for tile, axes in tiles])
        outputs = (
            self._dropped_logits(fold, batch, dropout_seeds) if dropout_seeds else self.backend.logits(fold, batch)
        )
        for logits, (_, axes) in zip(outputs, copies, strict=True):
            flipped_back = _flipped(logits, axes)
            yield flipped_back[:, None] if is_flat else flipped_back

    def _dropped_logits(self, fold: int, batch: torch.Tensor, seeds: Sequence[int]) -> torch.Tensor:
        """Return the logits of passes with dropout, by torch, whatever runs the others."""
        backend = self.ensemble.with_modules(self.backend)
        with with_dropout(cast("nn.Module", backend.module(fold)), seeds):
            return backend.logits(fold, batch)

    def in_memory(self, work: Callable[[], Result], moved: Callable[[], None]) -> Result:
        """Do some work, and again with less memory as long as memory is not enough.

        Args:
            work: Function that does it; what it had begun must not matter.
            moved: Function called when `layout` has changed, to move what lies elsewhere now.
        """
        while True:
            try:
                return work()
            except (MemoryError, RuntimeError) as error:
                if not self._is_exhausted(error) or not self._step_down():
                    raise
            for fold in range(self.backend.folds):
                self.backend.release(fold)
            gc.collect()  # not before the error is gone, which holds the memory of the work
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            moved()

    def by_any_backend(self, work: Callable[[], Result]) -> Result:
        """Do some work, and again by another backend where this one can't; see `fall_back`."""
        try:
            return work()
        except ConversionError as error:
            self.fall_back(error)
            return work()

    def fall_back(self, reason: ConversionError) -> None:
        """Let another backend run the networks, for later cases too, with a note.

        Raises:
            ConversionError: The reason, where there is no other backend.
        """
        self.notes.append(self.ensemble.fall_back(reason))
        self._use(self.ensemble.backend)

    @contextmanager
    def in_single(self) -> Iterator[bool]:
        """Let the networks compute in float32 inside a `with`; its value is False where they do so anyway."""
        usual, single = self.backend, self.backend.in_single()
        self.backend = single or usual
        try:
            yield single is not None
        finally:
            self.backend = usual

    def _is_exhausted(self, error: BaseException) -> bool:
        if is_exhausted(error):
            return True
        if self.backend.device.type == "cpu" or self._steps_by_words == _MOST_STEPS_BY_WORDS:
            return False
        is_in_words = is_in_words_of_libraries(error)
        self._steps_by_words += is_in_words
        return is_in_words

    def _step_down(self) -> bool:
        """Take less memory from now on; False where there is nothing left to give up."""
        smaller = self.layout.smaller()
        if smaller is not None:
            self.layout = smaller
        elif (lighter := self.backend.lighter()) is not None:
            self._use(lighter)
        else:
            return False
        self.notes.append(f"Memory was not enough, so that from then on there were {self.layout}.")
        logger.info("note: %s", self.notes[-1])
        return True

    def _use(self, backend: Backend) -> None:
        self.backend, self.layout = backend, self.layout.for_networks_of(backend)


def _flipped(tile: torch.Tensor, axes: Axes) -> torch.Tensor:
    """Return a tile (c, *patch) flipped along some axes of the patch; along none it is not copied."""
    return tile.flip([axis + 1 for axis in axes]) if axes else tile
