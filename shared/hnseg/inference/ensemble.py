"""Trained ensemble, loaded: the networks of all folds, and the copies of a tile that they predict.

Exact by default: tiles, weights, mirroring and the mean of logits are nnU-Net's. Sums are float32 everywhere, where
nnU-Net sums in half precision. `--precision fast` is for time: see `hnseg.options.Precision`.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hnseg.errors import ConversionError
from hnseg.inference.backends.cuda_memory import UNLIMITED_GIB
from hnseg.inference.backends.protocol import Backend
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.model.bundle import Bundle
from hnseg.inference.model.bundle_group import BundleGroup, group_of
from hnseg.inference.planning.effort import Effort, TileEffort

logger = logging.getLogger(__name__)

Axes = tuple[int, ...]
"""Axes of the patch along which a copy is flipped; none for the tile itself."""


@dataclass
class Ensemble:
    """Networks of all folds, and the backend that runs them.

    Attributes:
        bundle: Model folder that they come from.
        backend: Backend that runs them.
        vram_gib: Memory of the GPU that this process may have in all.
        fallback: Function that loads the networks into another backend, for when this one fails in a pass; None for
            none.
        notes: Sentences on a backend that was chosen and could not run the networks, and on the first stage.
        previous: First stage of a cascade, loaded, where this is the second; else None.
    """

    bundle: Bundle
    backend: Backend
    vram_gib: float = UNLIMITED_GIB
    fallback: Callable[[], Backend] | None = None
    notes: tuple[str, ...] = ()
    previous: Ensemble | None = None
    _modules: Backend | None = field(default=None, init=False, repr=False)

    @property
    def outputs(self) -> int:
        """Number of classes or regions."""
        return len(self.bundle.dataset.output_values)

    def mirrors(self, effort: Effort) -> tuple[Axes, ...]:
        """Return the axes along which each copy of a tile is flipped, the tile itself first."""
        axes = self.bundle.mirroring_axes if effort.mirroring else ()
        return tuple(itertools.chain.from_iterable(itertools.combinations(axes, n) for n in range(len(axes) + 1)))

    def full_effort(self, effort: Effort) -> TileEffort:
        """Return the effort for a tile where there is time for everything: every fold on every mirrored copy."""
        folds = self.backend.folds if effort.most_folds is None else min(effort.most_folds, self.backend.folds)
        return TileEffort(folds=folds, mirrors=len(self.mirrors(effort)))

    def with_modules(self, backend: Backend) -> Backend:
        """Return a backend whose networks are modules of torch: this one, or one that is loaded once, beside it.

        Raises:
            ModelError: The weights don't fit the network that the plans describe.
        """
        if backend.module(0) is not None:
            return backend
        if self._modules is None:
            self._modules = TorchBackend.load(self.bundle, backend.precision)
        return self._modules

    def fall_back(self, reason: ConversionError) -> str:
        """Let another backend run the networks from now on, and return the note on it.

        Raises:
            ConversionError: The reason, where there is no other backend.
        """
        if self.fallback is None:
            raise reason
        self.backend, self.fallback = self.fallback(), None
        note = f"{self.backend.name} runs the networks. {reason}"
        self.notes = (*self.notes, note)
        logger.info("note: %s", note)
        return note


@dataclass
class EnsembleGroup:
    """Several ensembles whose probabilities are averaged.

    Attributes:
        bundle: Model folders that they come from.
        ensembles: Networks of each model.
    """

    bundle: BundleGroup
    ensembles: tuple[Ensemble, ...]

    @classmethod
    def of(cls, ensembles: Sequence[Ensemble]) -> EnsembleGroup:
        """Return several ensembles as one.

        Raises:
            ModelError: Their probabilities can't be averaged; see `hnseg.inference.model.bundle_group.group_of`.
        """
        return cls(group_of([ensemble.bundle for ensemble in ensembles]), tuple(ensembles))

    @property
    def outputs(self) -> int:
        """Number of classes or regions."""
        return len(self.bundle.dataset.output_values)


Predictor = Ensemble | EnsembleGroup
"""Networks of one model, or of several whose probabilities are averaged."""
