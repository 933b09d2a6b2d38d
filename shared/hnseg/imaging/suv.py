"""Standardised uptake values (SUV), recognised by the values of a PET: not Bq/ml, and not a scaled image.

SUV is the activity (Bq/ml) times the body weight (g) over the injected dose (Bq) at the time of the scan: 1 where the
tracer is as thin as if it were spread over the whole body. An FDG-PET's background, mostly muscle and fat, lies between
0.2 and 2 whoever is scanned, a brain between 2 and 15. The same in Bq/ml is 500 to 10 000 times as much, so that the
order of magnitude decides; units within a factor of 10, such as kBq/ml, can't be distinguished.

All of it is decided by robust statistics inside the body on the CT: the median of what takes up, and the value that the
brightest millilitre exceeds. Neither single voxels, however wrong, nor padding of any size and value change them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.body import CoarseCt
from hnseg.imaging.geometry import FloatArray, Grid, image_of

HIGHEST_BACKGROUND_SUV = 20.0  # where a scan shows nothing but a young brain, it is 8 to 12
HIGHEST_SUV = 2000.0  # a bladder has 200, the site of a failed injection several hundred
LOWEST_SUV = -20.0  # the noise of filtered back projection stays within 1 of zero
LOWEST_MAXIMUM_SUV = 1.1  # 1 and what interpolation adds: where everything is below the average, nothing was shown
MOST_NEGATIVE = (
    0.25  # fraction of the positive values' sum; noise around zero in the air of filtered back projection has 0.1
)
PADDING, POSITIVE_PADDING = 0.1, 0.5  # fractions of the outermost voxels with one value to the last bit

_BRIGHTEST_MM3 = 1000.0
_ARTEFACTS = 0.01  # fraction of the positive values; fewer above the highest SUV are artefacts and do not count
_BALANCE, _DEVIATION = 0.1, (0.75, 1.25)  # of values normalised by their mean and standard deviation
_IN_BODY, _IN_IMAGE = (1.0, 99.0), (0.05, 99.95)  # percentiles that single voxels are beyond
_ENOUGH_VOXELS = 2_000_000
_MOST_MENDED = 10_000

Unit = Literal["activity", "scaled", "signed", "empty"]


@dataclass(frozen=True)
class Uptake:
    """Values of a PET inside the body on the CT, without the padding.

    Attributes:
        values: Values of the PET's voxels at the points of the coarse CT's body, (n,), float32; those of the PET's own
            voxels where the CT has no body.
        share: Fraction of the body, 0 to 1, where the PET has values; 0 of no body.
        volume_ml: Volume of the same part of the body.
        background: Median of the positive values; 0 where there are none.
        brightest: Value that the brightest millilitre of the body exceeds, less artefacts; 0 where less than that is
            above 0.
        is_plain: Whether all values are one and the same, but for single voxels.
    """

    values: FloatArray
    share: float
    volume_ml: float
    background: float
    brightest: float
    is_plain: bool


@dataclass(frozen=True)
class Doubt:
    """Reason why an image can't be in SUV.

    Attributes:
        unit: Likely unit: "activity" per volume, "scaled" to the range 0 to 1, "signed" values around zero, or "empty"
            where nothing is above zero.
        found: Description of the values, to follow "has" in a sentence.
        question: Likely cause, as a question.
    """

    unit: Unit
    found: str
    question: str


def uptake_in_body(pet: sitk.Image, coarse: CoarseCt) -> Uptake:
    """Return the values of a PET inside the body.

    Args:
        pet: Scalar 3-D image of finite values, on any grid.
        coarse: Coarse copy of the CT, with the body on it.

    >>> from hnseg.imaging.body import coarse_ct_of
    >>> ct = sitk.GetImageFromArray(np.full((40, 40, 40), 40, np.int16))
    >>> pet = sitk.GetImageFromArray(np.full((40, 40, 40), 0.6, np.float32))
    >>> found = uptake_in_body(pet, coarse_ct_of(ct))
    >>> round(found.share, 2), round(found.background, 2)
    (1.0, 0.6)
    """
    has_body = bool(coarse.body.any())
    values = _single(coarse.values_inside(pet)) if has_body else _some(pet).ravel()
    voxel_mm3 = coarse.grid.voxel_volume_mm3 if has_body else Grid.of(pet).voxel_volume_mm3
    count = int(max(_BRIGHTEST_MM3, 2 * Grid.of(pet).voxel_volume_mm3) / voxel_mm3)
    padding = padding_of(pet)
    measured = values[~np.isin(values, padding[padding <= 0])]
    # Nothing is left of an image that is plain, since its border has the same value: then that is no padding.
    candidates = (values[~np.isin(values, padding)], measured)
    shown = next((some for some in candidates if np.count_nonzero(some > 0) > count), values)
    positive = _without_artefacts(shown[shown > 0])
    return Uptake(
        values=shown,
        share=len(shown) / int(np.count_nonzero(coarse.body)) if has_body else 0.0,
        volume_ml=len(shown) * voxel_mm3 / 1000 if has_body else 0.0,
        background=float(np.median(positive)) if len(positive) else 0.0,
        brightest=float(np.partition(positive, -count - 1)[-count - 1]) if len(positive) > count else 0.0,
        is_plain=bool(measured.size and np.ptp(_without_extremes(measured, _IN_BODY)) == 0),
    )


def _without_artefacts(positive: FloatArray) -> FloatArray:
    """Return positive values without those that no tissue has, where they are few."""
    is_usual = positive <= HIGHEST_SUV
    return positive[is_usual] if np.count_nonzero(~is_usual) < _ARTEFACTS * len(positive) else positive


def doubt_of_suv(pet: sitk.Image, uptake: Uptake) -> Doubt | None:
    """Return the reason why an image can't be in SUV; None where it may be.

    Args:
        pet: Scalar 3-D image of finite values.
        uptake: Values of the image inside the body.

    >>> from hnseg.imaging.body import coarse_ct_of
    >>> coarse = coarse_ct_of(sitk.GetImageFromArray(np.full((40, 40, 40), 40, np.int16)))
    >>> muscle = np.full((40, 40, 40), 0.6, np.float32)
    >>> muscle[10:30, 10:30, 10:30] = 9.0  # a brain
    >>> suv = sitk.GetImageFromArray(muscle)
    >>> doubt_of_suv(suv, uptake_in_body(suv, coarse)) is None
    True
    >>> doubt_of_suv(suv * 5000, uptake_in_body(suv * 5000, coarse)).unit
    'activity'
    """
    if signed := _doubt_of_sign(pet, uptake.values):
        return signed
    if plain := _doubt_of_content(uptake):
        return plain
    if uptake.brightest <= LOWEST_MAXIMUM_SUV:
        single = " but in single voxels" if uptake.values.max() > LOWEST_MAXIMUM_SUV else ""
        found = f"no value above {uptake.brightest:.3g}{single}"
        return Doubt("scaled", found, "Was it normalised to the range from 0 to 1?")
    if uptake.background > HIGHEST_BACKGROUND_SUV or uptake.brightest > HIGHEST_SUV:
        return Doubt(
            "activity",
            f"a background of {uptake.background:.3g} and a maximum of {uptake.brightest:.4g}",
            "Is it in Bq/ml, or was it stored without its rescale slope?",
        )
    return None


def _doubt_of_sign(pet: sitk.Image, inside: FloatArray) -> Doubt | None:
    """Return the doubt of values around zero: in the body, or of the whole image as normalisation leaves them."""
    some = _without_extremes(_some(pet), _IN_IMAGE)
    negative, positive = _sums(some)
    is_balanced = positive > 0 and abs(negative - positive) <= _BALANCE * positive
    if not (is_balanced and _DEVIATION[0] <= float(some.std()) <= _DEVIATION[1]):
        negative, positive = _sums(_without_extremes(inside, _IN_BODY))
        if negative <= MOST_NEGATIVE * positive:
            return None
    return Doubt(
        "signed",
        f"values from {float(some.min()):.3g} to {float(some.max()):.4g}, of which the negative ones sum to"
        f" {f'{negative / positive:.0%}' if positive > 0 else 'all'} of the positive ones",
        "Was it normalised by its mean and standard deviation, or is it another kind of image?",
    )


def _doubt_of_content(uptake: Uptake) -> Doubt | None:
    """Return the doubt of an image that shows nothing inside the body, but for single voxels."""
    if uptake.brightest <= 0:
        return Doubt("empty", "less than 1 ml above 0 inside the body", "Was it blanked, or is it of another patient?")
    if uptake.is_plain:
        return Doubt("empty", f"nothing but {uptake.background:.4g} inside the body", "Was it blanked, or masked?")
    return None


def _some(pet: sitk.Image) -> FloatArray:
    """Return evenly spread voxels of an image, all of them where it is small, (z, y, x)."""
    voxels = sitk.GetArrayViewFromImage(pet)
    step = max(1, round((voxels.size / _ENOUGH_VOXELS) ** (1 / 3)))
    return _single(voxels[::step, ::step, ::step])


def _single(values: npt.NDArray[Any]) -> FloatArray:
    """Return values in float32; infinite where they are too large for it."""
    with np.errstate(over="ignore"):
        return values.astype(np.float32)


def _without_extremes(values: FloatArray, percentiles: tuple[float, float]) -> FloatArray:
    """Return values clipped to two of their percentiles; none of none."""
    return np.clip(values, *np.percentile(values, percentiles)) if values.size else values


def _sums(values: FloatArray) -> tuple[float, float]:
    """Return the sums of the negative values, without their sign, and of the positive ones."""
    return -float(values[values < 0].sum(dtype=np.float64)), float(values[values > 0].sum(dtype=np.float64))


def padding_of(image: sitk.Image) -> FloatArray:
    """Return the values that pad an image, in float32: those that many of its outermost voxels have in common.

    Measured values differ from voxel to voxel. A value of at most 0 must fill a tenth of the six faces, a positive one
    half of them.

    >>> padding_of(sitk.ConstantPad(sitk.GetImageFromArray(np.eye(3)[np.newaxis]), (9, 9, 9), (9, 9, 9), -5.0)).tolist()
    [-5.0]
    """
    voxels = sitk.GetArrayViewFromImage(image)
    faces = [_single(np.take(voxels, end, axis=axis)).ravel() for axis in range(3) for end in (0, -1)]
    values, counts = np.unique(np.concatenate(faces), return_counts=True)
    return np.asarray(values[counts >= np.where(values > 0, POSITIVE_PADDING, PADDING) * counts.sum()])


def without_artefacts(pet: sitk.Image) -> tuple[sitk.Image, int]:
    """Return a PET in SUV without the values that can't be uptake, and the number of such voxels.

    A voxel below -20 or above 2000 SUV gets the median of those of its 26 neighbours that are neither. It gets 0 where
    it has no such neighbour, is padding, or is one of more than 10 000.

    Args:
        pet: PET in SUV, on any grid.

    Returns:
        A PET on the same grid, the same one where all values can be uptake; and the number of voxels, less the padding.

    >>> pet = sitk.Image(4, 4, 4, sitk.sitkFloat32) + 0.6
    >>> pet[1, 1, 1] = -1e6
    >>> mended, count = without_artefacts(pet)
    >>> round(mended[1, 1, 1], 3), count
    (0.6, 1)
    """
    voxels = sitk.GetArrayViewFromImage(pet)
    wrong = (voxels < LOWEST_SUV) | (voxels > HIGHEST_SUV)
    if not wrong.any():
        return pet, 0
    array = _single(voxels)
    artefacts = np.argwhere(wrong & ~np.isin(array, padding_of(pet)))
    array[wrong] = np.nan
    mended = artefacts if len(artefacts) <= _MOST_MENDED else artefacts[:0]
    medians = [_median_around(array, z, y, x) for z, y, x in mended.tolist()]
    array[wrong] = 0.0
    array[tuple(mended.T)] = medians
    return image_of(array, Grid.of(pet)), len(artefacts)


def _median_around(array: FloatArray, z: int, y: int, x: int) -> float:
    """Return the median of the voxels around one, less those that are NaN; 0 of none."""
    around = array[max(z - 1, 0) : z + 2, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
    known = around[~np.isnan(around)]
    return float(np.median(known)) if known.size else 0.0
