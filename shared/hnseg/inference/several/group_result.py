"""Result of several models on one image: what each did, and all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import SimpleITK as sitk

from hnseg.inference.model.bundle_group import BundleGroup
from hnseg.inference.planning.effort import EffortSpent
from hnseg.inference.prediction import PredictionResult


@dataclass(frozen=True)
class ModelSeen:
    """Model that has given the probabilities of all planes, of some, or of none.

    Attributes:
        name: Name of the model.
        result: Its result, without the label map; None where it was stopped before the last plane.
        planes: Number of planes that it has given until it was stopped.
    """

    name: str
    result: PredictionResult | None
    planes: int = 0

    @property
    def record(self) -> Mapping[str, Any]:
        """Values for the provenance: its name, and what is recorded of a model alone, or the planes that it gave."""
        return {"name": self.name, **({"planes": self.planes} if self.result is None else self.result.record)}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on what was given up, each with the model's name before it."""
        if self.result is not None:
            return tuple(f"{self.name}: {note}" for note in self.result.notes)
        given = f"only the first {self.planes} planes" if self.planes else "nothing"
        return (f"Of the model {self.name} {given} went into the mean, because its time was over or it was stopped.",)


def group_result(
    bundle: BundleGroup, seen: Sequence[ModelSeen], label_map: sitk.Image, entropy: sitk.Image | None
) -> PredictionResult:
    """Return the result of several models.

    Tiles and passes are those of all models, folds and mirrored copies the mean over tiles; the distance between tiles
    is the largest.

    Args:
        bundle: Model folders.
        seen: What each model has given; at least one has a result.
        label_map: Label map of the mean.
        entropy: Entropy of the mean; None where it was not asked for.
    """
    results = [each.result for each in seen if each.result is not None]
    full = _together([_full(result) for result in results])
    return PredictionResult(
        label_map=label_map,
        effort_spent=_together([result.effort_spent for result in results]),
        effort_full={"step": full.step, "folds": full.folds, "mirrors": full.mirrors},
        notes=sum((each.notes for each in seen), start=bundle.notes),
        seconds=_summed([result.seconds for result in results]),
        plans=sum((result.plans for result in results), start=()),
        computed_by=_joined([result.computed_by for result in results]),
        entropy=entropy,
        models=tuple(each.record for each in seen),
    )


def _summed(seconds: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    return {step: round(sum(each[step] for each in seconds), 3) for step in seconds[0]}


def _joined(values: Sequence[Mapping[str, str]]) -> Mapping[str, str]:
    """Return the different values of each key, with commas between them."""
    return {key: ", ".join(dict.fromkeys(each[key] for each in values)) for key in values[0]}


def _full(result: PredictionResult) -> EffortSpent:
    """Return the effort that would have been spent on the tiles of a model with nothing given up."""
    tiles, full = result.effort_spent.tiles, result.effort_full
    passes = round(tiles * full["folds"] * full["mirrors"])
    return EffortSpent(full["step"], tiles, passes, full["folds"], full["mirrors"])


def _together(efforts: Sequence[EffortSpent]) -> EffortSpent:
    tiles = sum(effort.tiles for effort in efforts)
    folds = sum(effort.tiles * effort.folds for effort in efforts)
    passes = sum(effort.passes for effort in efforts)
    return EffortSpent(
        step=max(effort.step for effort in efforts),
        tiles=tiles,
        passes=passes,
        folds=folds / max(1, tiles),
        mirrors=passes / max(1, folds),
    )
