"""Dose painting: a probability map as a prescription of absorbed dose in gray.

Each voxel of the target gets a base dose and a share of a boost: its probability (dose painting by numbers, Bentzen,
Semin Radiat Oncol 2005;15:87), or the share of its level (dose painting by contours, Ling et al., Int J Radiat Oncol
Biol Phys 2000;47:551). Voxels outside the target have no prescription, which is 0 Gy in the image: what reaches them is
for the limits of the plan to say. For research only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.files.probabilities import as_probabilities
from hnseg.imaging.geometry import FloatArray, Grid, array_of, image_of

HIGHEST_GY = 200.0
"""Dose that no course reaches in gray, and a boost of 2 Gy does in centigray."""
LEAST_PROBABILITY = 0.01
"""Probability from which a voxel is of the target where no mask says so: a network's is hardly anywhere 0."""


@dataclass(frozen=True)
class DoseRule:
    """Rule that makes a dose of a probability.

    Attributes:
        base_gy: Dose of every voxel of the target, 0 or more.
        boost_gy: Further dose where the probability is 1, or in the highest level; 0 or more.
        thresholds: Probabilities at which a further level begins, ascending, over 0 and up to 1; empty for a dose that
            is linear in the probability.

    >>> DoseRule(66.0, 10.0, (0.2, 0.5)).doses_gy
    (66.0, 71.0, 76.0)
    """

    base_gy: float
    boost_gy: float
    thresholds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check the doses and the thresholds.

        Raises:
            InputError: A dose is negative, not finite or no gray, or the thresholds are none.
        """
        for name, dose in (("base", self.base_gy), ("boost", self.boost_gy)):
            if not 0 <= dose < HIGHEST_GY:  # NaN neither
                raise InputError(
                    f"The {name} dose must be from 0 to less than {HIGHEST_GY:g} Gy, found {dose:g}."
                    " Is its sign wrong, or was it given in centigray?"
                )
        ascending = all(one < other for one, other in zip((0.0, *self.thresholds), self.thresholds, strict=False))
        if not ascending or any(not one <= 1 for one in self.thresholds):
            raise InputError(
                "Thresholds must be probabilities over 0 and up to 1, each higher than the one before, found"
                f" {', '.join(f'{one:g}' for one in self.thresholds)}. Are they percentages, or in another order?"
            )

    @classmethod
    def in_levels(cls, base_gy: float, boost_gy: float, levels: int) -> DoseRule:
        """Return the rule of so many levels, 2 or more, of equal width in probability and equal steps of dose.

        >>> DoseRule.in_levels(66.0, 10.0, 4).thresholds
        (0.25, 0.5, 0.75)
        """
        return cls(base_gy, boost_gy, tuple(step / levels for step in range(1, levels)))

    @property
    def doses_gy(self) -> tuple[float, ...]:
        """Doses of the levels in Gy, ascending; empty where the dose is linear in the probability."""
        last = len(self.thresholds)
        return tuple(self.base_gy + self.boost_gy * step / last for step in range(last + 1)) if last else ()

    def doses_of(self, probabilities: npt.NDArray[np.floating]) -> FloatArray:
        """Return the dose in Gy of each of some probabilities inside the target.

        >>> DoseRule(66.0, 10.0).doses_of(np.array([0.0, 0.25, 1.0])).tolist()
        [66.0, 68.5, 76.0]
        """
        if self.thresholds:
            # In the type of the map, so that a voxel of exactly 0.2 in float32 is at a threshold of 0.2.
            thresholds = np.asarray(self.thresholds, probabilities.dtype)
            return np.asarray(self.doses_gy, np.float32)[np.searchsorted(thresholds, probabilities, side="right")]
        return np.asarray(self.base_gy + self.boost_gy * probabilities.astype(np.float64), np.float32)


@dataclass(frozen=True)
class Prescription:
    """Dose of each voxel, and the target that it is prescribed to.

    Attributes:
        image: Dose in Gy, float32, on the probability map's grid; 0 outside the target.
        doses_gy: Doses of the target's voxels, in the order of the array; at least one.
        voxel_cc: Volume of one voxel in cc.
        left_out_cc: Volume outside the target in which the probability is 0.5 or more.
    """

    image: sitk.Image
    doses_gy: FloatArray
    voxel_cc: float
    left_out_cc: float


def paint_dose(
    probabilities: sitk.Image,
    rule: DoseRule,
    *,
    path: Path,
    inside: sitk.Image | None = None,
    at_least: float = LEAST_PROBABILITY,
) -> Prescription:
    """Return the prescription that a rule makes of a probability map.

    Args:
        probabilities: Probability of each voxel, 0 to 1, any scalar type and grid.
        rule: Rule of the dose.
        path: File of the probabilities, named in errors.
        inside: Mask of the target on the same grid, every voxel but 0; all of it gets the base dose, also where the
            probability is 0. None for a target by probability alone.
        at_least: Least probability of the target's voxels where there is no mask; 0 for any over 0.

    Returns:
        The prescription, on the probability map's grid to the last bit.

    Raises:
        InputError: A probability is below 0, above 1 or NaN, the mask is on another grid, or the target is empty or
            has no outside.
    """
    array: FloatArray = array_of(as_probabilities(probabilities, path=path))
    target = _above(array, at_least) if inside is None else _mask(inside, probabilities, path)
    _check_target(target, path, wanted="in the mask" if inside is not None else f"of {at_least:g} or more")
    doses = rule.doses_of(array[target])
    painted = np.zeros(array.shape, np.float32)
    painted[target] = doses
    grid = Grid.of(probabilities)
    voxel_cc = grid.voxel_volume_mm3 / 1000
    left_out = int(np.count_nonzero((array >= 0.5) & ~target))
    return Prescription(image_of(painted, grid), doses, voxel_cc, left_out * voxel_cc)


def _above(probabilities: npt.NDArray[np.floating], at_least: float) -> npt.NDArray[np.bool_]:
    """Return the voxels of a least probability, compared in the map's own type, in which 0.2 is not quite 0.2."""
    least = probabilities.dtype.type(at_least)
    return np.asarray(probabilities >= least if least > 0 else probabilities > 0)


def _mask(inside: sitk.Image, probabilities: sitk.Image, path: Path) -> npt.NDArray[np.bool_]:
    differences = Grid.of(inside).differences(Grid.of(probabilities))
    if differences:
        raise InputError(
            f"The mask of the target must lie on the grid of {path}, but it has {differences}."
            " Was it drawn on another image?"
        )
    return np.asarray(array_of(inside) != 0)


def _check_target(target: npt.NDArray[np.bool_], path: Path, *, wanted: str) -> None:
    """Refuse a target that has no voxel, or no outside: the probabilities of a network are hardly anywhere 0."""
    if not target.any():
        raise InputError(
            f"A target must have a voxel, but none of {path} is {wanted}. Was an empty prediction or mask given?"
        )
    if target.all():
        raise InputError(
            f"A target must have an outside, but every voxel of {path} is {wanted}."
            " Is there a mask of it, such as the GTV, for --inside?"
        )
