"""PET to be laid over a CT in colour: its values on the CT's grid, and the scale that tells what the colours mean."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

import numpy as np
import SimpleITK as sitk

from hnseg.drawing.turn import Turn
from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import FloatArray, Grid, resample_image
from hnseg.imaging.suv import Unit, doubt_of_suv, uptake_in_body

TOP_SUV = 10.0
"""SUV of the lightest colour, the same for all patients, so that pictures can be compared."""

_TICKS = 5
_DOUBTS: dict[Unit, str] = {
    "activity": "probably activity per volume",
    "scaled": "probably scaled to 0 to 1",
    "signed": "with values around zero",
    "empty": "without uptake in the body",
}


@dataclass(frozen=True)
class PetScale:
    """Scale of a PET's colours.

    Attributes:
        top: Number of the lightest colour; the darkest is 0.
        unit: Unit of the numbers as written above the bar: SUV, or "not SUV".
        is_exceeded: Whether more than a millilitre of the body has more than `top`.
        words: Sentence on the PET for a legend.
    """

    top: float
    unit: str
    is_exceeded: bool
    words: str

    @property
    def ticks(self) -> tuple[float, ...]:
        """Numbers to write at the bar, from 0 to the top."""
        return tuple(np.linspace(0, self.top, _TICKS).tolist())


@dataclass(frozen=True)
class PetLayer:
    """PET as it is laid over a CT.

    Attributes:
        values: Values on the scan's grid, float32; 0 where the PET does not reach.
        scale: Scale of the colours.
    """

    values: sitk.Image
    scale: PetScale

    def uptake(self, turn: Turn) -> FloatArray:
        """Return the values as parts of the scale's top, (z, y, x), float32, turned as the scan is."""
        values: FloatArray = turn.view_of(self.values)
        return values / np.float32(self.scale.top)


def pet_layer_of(pet: sitk.Image, ct: sitk.Image | None, grid: Grid) -> PetLayer:
    """Return the layer of a PET, whose unit is told by its values inside the body.

    Args:
        pet: PET of finite values, on any grid.
        ct: CT in Hounsfield units, in which the body is found; None where there is none, and all of the PET counts.
        grid: Grid of the picture's scan.
    """
    uptake = uptake_in_body(pet, coarse_ct_of(pet if ct is None else ct))
    doubt = doubt_of_suv(pet, uptake)
    return PetLayer(
        values=sitk.Cast(resample_image(pet, grid), sitk.sitkFloat32),
        scale=_suv_scale(uptake.brightest) if doubt is None else _other_scale(uptake.brightest, doubt.unit),
    )


def _suv_scale(brightest: float) -> PetScale:
    over = brightest > TOP_SUV
    return PetScale(TOP_SUV, "SUV", over, f"PET in SUV, 0 to {TOP_SUV:g}{' and more' if over else ''}")


def _other_scale(brightest: float, unit: Unit) -> PetScale:
    top = _round_above(brightest)
    return PetScale(top, "not SUV", False, f"PET not in SUV, {_DOUBTS[unit]}: 0 to {top:g}")


def _round_above(value: float) -> float:
    """Return the first of 1, 2, 4, 8 times a power of ten that is not below a value; 1 of none above 0.

    >>> _round_above(23500.0), _round_above(0.9), _round_above(0.0)
    (40000.0, 1.0, 1.0)
    """
    if value <= 0:
        return 1.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value)
