"""Facts of exported folds, for the manifest of a bundle."""

from __future__ import annotations

from dataclasses import dataclass

from hnseg.inference.model.graph.record import Graphs
from hnseg.inference.model.manifest import Fold


@dataclass(frozen=True)
class Exported:
    """Facts of exported folds, for the manifest.

    Attributes:
        folds: Folds, in order.
        configuration: Configuration that they were trained in.
        mirroring_axes: Axes of the patch that may be flipped at test time.
        graphs: Record of their graphs; None where they are weights.
    """

    folds: tuple[Fold, ...]
    configuration: str
    mirroring_axes: tuple[int, ...]
    graphs: Graphs | None = None
