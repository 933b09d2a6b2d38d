"""Table of the structures of a label map, with how far the members of the ensemble agree on each of them.

A structure is to be looked at where the Dice between members is low, their volumes lie far apart, or the mean entropy
inside is high. Source of the measures: Roy et al., "Bayesian QuickNAT", NeuroImage 195, 2019. Source of the limits: of
150 combinations no other told a Dice under 0.7 better (half the sum of sensitivity and specificity) on 20 held-out
phantoms, with PET/CT and with CT alone, by the HECKTOR demo ensemble. The limit of Dice did it alone there; the others
are for what it misses: one member only, or a large part that few members have. `docs/benchmarks.md` has other phantoms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import Grid
from hnseg.inference.labelling.uncertainty_plane import Counts, PlaneCounts
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.records import Frozen

LEAST_DICE = 0.7
"""Mean Dice between members below which a structure is to be looked at."""
MOST_SPREAD = 1.0
"""Distance from the 5th to the 95th percentile of members' volumes, over the volume, above which it is, too."""
MOST_ENTROPY = 0.5
"""Mean entropy inside, in nats, above which it is, too: that of two classes with probabilities of 0.8 and 0.2."""
_DIGITS = 4
_SHARE = 0.5  # of the tiles: what a member beyond the folds must have seen for its volumes and Dice to count


@dataclass(frozen=True)
class FurtherSeen:
    """What a member beyond the folds has seen.

    Attributes:
        kind: Kind of member: `dropout` or `tta`, a test-time copy.
        share: Part of the tiles that it has seen, 0 to 1.
    """

    kind: str
    share: float


class StructureUncertainty(Frozen):
    """Agreement of the members on one structure."""

    volume_ml: float
    """Volume in the ensemble's label map, before any postprocessing; of a region, where it is more likely than not."""
    volume_p5_ml: float
    """5th percentile of the volumes that the members give it, interpolated linearly between these."""
    volume_p95_ml: float
    """95th percentile of them."""
    dice_between_members: float | None
    """Mean Dice of all pairs of members of which one has it; None where no member has, or there is but one member."""
    mean_entropy: float | None
    """Mean predictive entropy, in nats, over the ensemble's voxels of it; None where there is none."""
    look_at_this: bool
    """Whether somebody should look at it."""
    because: tuple[str, ...]
    """Reasons for that, each a sentence."""


class UncertaintyTable(Frozen):
    """Agreement of an ensemble's members on one image."""

    members: int
    """Number of members that have seen anything: folds, and those beyond them."""
    dropout: int = 0
    """Number of them that are passes with Monte Carlo dropout."""
    tta: int = 0
    """Number of them that are test-time copies: flips, noise, rotations."""
    members_seen: float
    """Mean number of members that have seen a voxel, over those that any has; fewer where time was short."""
    seen_by_one: float
    """Fraction of these voxels that only one member has seen; mutual information is 0 there."""
    sums_in: str
    """Type of number that the members' logits were summed in over tiles: float32 or float16."""
    calibrated: bool = False
    """Whether entropies are of probabilities at the model's temperatures; see `hnseg.inference.model.calibration`."""
    structures: dict[str, StructureUncertainty]
    """Every structure of the model by its name, without the background."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on members that did not see all, and on sums in half precision."""
        notes = []
        if self.members_seen < self.members:
            notes.append(
                f"A voxel was seen by {self.members_seen:.3g} of {self.members} members of the ensemble on average, and"
                f" by only one on {100 * self.seen_by_one:.3g} % of the voxels, where mutual information is 0:"
                " uncertainty is that of the members that saw it."
            )
        if self.sums_in != "float32":
            notes.append(
                f"Members' logits were summed in {self.sums_in}, since single precision did not fit into memory or was"
                " not asked for; entropies differ by some 0.0003 for it."
            )
        return tuple(notes)


def table_of(
    planes: Sequence[PlaneCounts],
    dataset: Dataset,
    grid: Grid,
    *,
    sums_in: str,
    further: Sequence[FurtherSeen] = (),
    calibrated: bool = False,
) -> UncertaintyTable:
    """Return the table of an image from the counts of its planes.

    Args:
        planes: Counts of every plane of the image; at least one.
        dataset: Names of the outputs.
        grid: Grid of the image, for the size of a voxel.
        sums_in: Type of number that the members' logits were summed in.
        calibrated: Whether the entropies are those of a calibrated model.
        further: Members beyond the folds, the last of all. Volumes and Dice are of those that have seen half of the
            tiles; elsewhere they have the ensemble's voxels, as folds have.
    """
    shared = np.sum([plane.shared for plane in planes], axis=0)
    entropy = np.sum([plane.entropy for plane in planes], axis=0)
    seen_by = np.sum([plane.seen_by for plane in planes], axis=0)
    voxel_ml = grid.voxel_volume_mm3 / 1000
    seen = max(1, int(seen_by[1:].sum()))
    folds = len(seen_by) - 1 - len(further)
    used = Counter(each.kind for each in further if each.share > 0)
    counted = _counted(folds, further)
    members = folds + used.total()
    return UncertaintyTable(
        members=members,
        dropout=used["dropout"],
        tta=used["tta"],
        members_seen=float(seen_by @ np.arange(len(seen_by))) / seen,
        seen_by_one=float(seen_by[1]) / seen if members > 1 else 0.0,
        sums_in=sums_in,
        calibrated=calibrated,
        structures={
            name: _structure(shared[output][np.ix_(counted, counted)], float(entropy[output]), voxel_ml)
            for output, name in enumerate(dataset.output_names)
            if dataset.has_regions or output > 0
        },
    )


def _counted(folds: int, further: Sequence[FurtherSeen]) -> list[int]:
    """Return the indices, in counts that are shared, of the ensemble and of those members whose volumes count."""
    beyond = [1 + folds + place for place, each in enumerate(further) if each.share >= _SHARE]
    return [*range(1 + folds), *beyond]


def _structure(shared: Counts, entropy: float, voxel_ml: float) -> StructureUncertainty:
    voxels = shared.diagonal()
    p5, p95 = np.percentile(voxels[1:], [5, 95]) * voxel_ml
    volume = float(voxels[0]) * voxel_ml
    dice = _mean_dice(shared[1:, 1:])
    inside = entropy / float(voxels[0]) if voxels[0] else None
    reasons = tuple(_reasons(volume, float(p95 - p5), dice, inside))
    return StructureUncertainty(
        volume_ml=round(volume, _DIGITS),
        volume_p5_ml=round(float(p5), _DIGITS),
        volume_p95_ml=round(float(p95), _DIGITS),
        dice_between_members=None if dice is None else round(dice, _DIGITS),
        mean_entropy=None if inside is None else round(inside, _DIGITS),
        look_at_this=bool(reasons),
        because=reasons,
    )


def _mean_dice(shared: npt.NDArray[np.int64]) -> float | None:
    """Return the mean Dice over all pairs of members of which one has a voxel; None where there is no such pair."""
    pairs = [(int(shared[a, b]), int(shared[a, a] + shared[b, b])) for a, b in combinations(range(len(shared)), 2)]
    found = [2 * both / total for both, total in pairs if total]
    return float(np.mean(found)) if found else None


def _reasons(volume: float, spread: float, dice: float | None, entropy: float | None) -> Iterator[str]:
    """Yield a sentence for each reason to look at a structure; volumes are in ml."""
    if dice is not None and dice < LEAST_DICE:
        yield f"The DSC between members is {dice:.2f} on average, less than {LEAST_DICE:g}."
    if volume == 0 and dice is not None:
        yield "A member of the ensemble finds it, but the ensemble as a whole does not."
    elif spread > MOST_SPREAD * volume:
        yield f"The members' volumes differ by {spread:.3g} ml, more than {MOST_SPREAD:g} of {volume:.3g} ml."
    if entropy is not None and entropy > MOST_ENTROPY:
        yield f"The mean entropy inside is {entropy:.2f}, more than {MOST_ENTROPY:g}."
