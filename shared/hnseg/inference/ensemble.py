"""Trained ensemble, loaded: the networks of all folds, and the passes of tiles through them.

Exact by default: tiles, weights, mirroring and the mean of logits are nnU-Net's. Sums are float32 everywhere, where
nnU-Net sums in half precision. `--precision fast` is for time: see `hnseg.options.Precision`.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from hnseg.errors import ConversionError
from hnseg.inference.backends.protocol import Backend
from hnseg.inference.backends.torch_backend import UNLIMITED_GIB
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.planning.effort import Effort, TileEffort

logger = logging.getLogger(__name__)

Axes = tuple[int, ...]
"""Axes of the patch along which a copy is flipped; none for the tile itself."""


@dataclass
class Ensemble:
    """Networks of all folds, and the backend that runs them.

    Attributes:
        bundle: Model folder that they come from.
        backend: Backend that runs them; another one once a GPU's memory was not enough for it.
        vram_gib: Memory of the GPU that this process may have in all.
        fallback: Function that loads the networks into another backend, for when this one fails in a pass; None for
            none.
        notes: Sentences on a backend that was chosen and could not run the networks.
    """

    bundle: Bundle
    backend: Backend
    vram_gib: float = UNLIMITED_GIB
    fallback: Callable[[], Backend] | None = None
    notes: tuple[str, ...] = ()

    @property
    def outputs(self) -> int:
        """Number of classes or regions."""
        return len(self.bundle.dataset.output_values)

    @property
    def record(self) -> Mapping[str, str]:
        """Values for the provenance: `device`, `backend`, `precision` (asked for) and `arithmetic` (used)."""
        return {
            "device": str(self.backend.device),
            "backend": self.backend.name,
            "precision": self.backend.precision,
            "arithmetic": str(self.backend.arithmetic).removeprefix("torch."),
        }

    def mirrors(self, effort: Effort) -> tuple[Axes, ...]:
        """Return the axes along which each copy of a tile is flipped, the tile itself first."""
        axes = self.bundle.mirroring_axes if effort.mirroring else ()
        return tuple(itertools.chain.from_iterable(itertools.combinations(axes, n) for n in range(len(axes) + 1)))

    def full_effort(self, effort: Effort) -> TileEffort:
        """Return the effort for a tile where there is time for everything: every fold on every mirrored copy."""
        return TileEffort(folds=self.backend.folds, mirrors=len(self.mirrors(effort)))

    def logits_of(self, fold: int, copies: Sequence[tuple[torch.Tensor, Axes]]) -> Iterator[torch.Tensor]:
        """Yield one fold's float32 logits (k, z, y, x) of each of some tiles, to be used before the fold's next pass.

        Args:
            fold: Index of the fold among the networks.
            copies: Tiles (c, z, y, x) as the volume has them, each with the axes along which it is flipped for the
                pass; they go through the network together. The logits are flipped back.
        """
        is_flat = len(self.bundle.configuration.patch_size) == 2
        device = self.backend.device
        batch = torch.stack([_flipped((tile[:, 0] if is_flat else tile).to(device), axes) for tile, axes in copies])
        outputs = self.backend.logits(fold, batch)
        for logits, (_, axes) in zip(outputs, copies, strict=True):
            flipped_back = _flipped(logits, axes)
            yield flipped_back[:, None] if is_flat else flipped_back

    def fall_back(self, reason: ConversionError) -> None:
        """Let another backend run the networks from now on, with a note.

        Raises:
            ConversionError: The reason, where there is no other backend.
        """
        if self.fallback is None:
            raise reason
        self.backend, self.fallback = self.fallback(), None
        self.notes = (*self.notes, f"torch runs the networks. {reason}")
        logger.info("note: %s", self.notes[-1])

    @contextmanager
    def in_single(self) -> Iterator[bool]:
        """Let the networks compute in float32 inside a `with`; its value is False where they do so anyway."""
        usual, single = self.backend, self.backend.in_single()
        self.backend = single or usual
        try:
            yield single is not None
        finally:
            if self.backend is single:  # and not one that needs less memory
                self.backend = usual

    def lighten(self) -> bool:
        """Make the networks need less memory of the GPU from now on; return False where they can't."""
        lighter = self.backend.lighter()
        if lighter is None:
            return False
        self.backend = lighter
        return True


def _flipped(tile: torch.Tensor, axes: Axes) -> torch.Tensor:
    """Return a tile (c, *patch) flipped along some axes of the patch; along none it is not copied."""
    return tile.flip([axis + 1 for axis in axes]) if axes else tile
