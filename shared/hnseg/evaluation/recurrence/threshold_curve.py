"""Curve of captured origins against volume: what is predicted as a threshold of a map of likelihood goes up.

A voxel is predicted where its value is at least the threshold, so that the first threshold of a probability, 0, takes
the whole image. Values are compared in the map's own precision: one stored as 0.38 is at least 0.38.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hnseg.evaluation.recurrence.patient_score import Recurrences
from hnseg.evaluation.recurrence.summary import mean_of, quartiles_of
from hnseg.records import Frozen, MaybeNumber

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.intp]


@dataclass(frozen=True)
class PatientCurve:
    """Values of one patient at t thresholds.

    Attributes:
        volume_cc: Predicted volume, (t,).
        dsc: Dice, (t,); NaN where nothing is predicted and there is no recurrence.
        captured_by_centre: Number of origins captured, (t,).
        captured_by_core: The same by the core.
        origins: Number of origins.
    """

    volume_cc: Array
    dsc: Array
    captured_by_centre: Counts
    captured_by_core: Counts
    origins: int


class CurvePoint(Frozen):
    """Values over patients at one threshold."""

    threshold: float
    median_cc: MaybeNumber
    q1_cc: MaybeNumber
    q3_cc: MaybeNumber
    mean_dsc: MaybeNumber
    captured_by_centre: int
    captured_by_core: int


class Curve(Frozen):
    """Values over patients by threshold, from the lowest up; `origins` is the number of all that could be captured."""

    origins: int
    patients: int
    points: tuple[CurvePoint, ...]


def patient_curve(values: npt.NDArray[Any], recurrences: Recurrences, thresholds: Sequence[float]) -> PatientCurve:
    """Return the curve of one patient.

    Args:
        values: Likelihood of each voxel, (z, y, x), on the reference's grid.
        recurrences: Recurrences of the patient.
        thresholds: Thresholds from the lowest up.
    """
    at = np.array(thresholds, np.result_type(values.dtype, np.float32))  # of integers no threshold may be cut off
    predicted, common = _counts_from(values, None, at), _counts_from(values, recurrences.mask, at)
    sizes = predicted + int(np.count_nonzero(recurrences.mask))
    dsc = np.divide(2.0 * common, sizes, out=np.full(len(at), np.nan), where=sizes > 0)
    origins = recurrences.origins
    return PatientCurve(
        volume_cc=np.asarray(predicted * recurrences.voxel_cc, np.float64),
        dsc=dsc,
        captured_by_centre=_reached([origin.centre_value(values) for origin in origins], at),
        captured_by_core=_reached([origin.core_value(values) for origin in origins], at),
        origins=len(origins),
    )


def curve_of(patients: Sequence[PatientCurve], thresholds: Sequence[float]) -> Curve:
    """Return the curve over patients.

    Args:
        patients: Curve of each, by the same number of thresholds.
        thresholds: What the thresholds are called, such as percentages where each patient has values of his own.
    """
    volumes, dsc = (np.array([getattr(one, name) for one in patients]) for name in ("volume_cc", "dsc"))
    centre, core = (
        np.sum([getattr(one, f"captured_by_{rule}") for one in patients], axis=0) for rule in ("centre", "core")
    )
    points = []
    for place, threshold in enumerate(thresholds):
        median, low, high = quartiles_of(volumes[:, place])
        points.append(
            CurvePoint(
                threshold=threshold,
                median_cc=median,
                q1_cc=low,
                q3_cc=high,
                mean_dsc=mean_of(dsc[:, place]),
                captured_by_centre=int(centre[place]),
                captured_by_core=int(core[place]),
            )
        )
    return Curve(origins=sum(one.origins for one in patients), patients=len(patients), points=tuple(points))


def _counts_from(values: npt.NDArray[Any], mask: npt.NDArray[np.bool_] | None, at: npt.NDArray[Any]) -> Counts:
    """Return the number of voxels, inside a mask where there is one, of at least each threshold, a slice at a time."""
    reached = np.zeros(len(at) + 1, np.intp)
    for z, plane in enumerate(values):
        inside = plane.ravel() if mask is None else plane[mask[z]]
        reached += np.bincount(np.searchsorted(at, inside, side="right"), minlength=len(at) + 1)
    return np.asarray(reached[::-1].cumsum()[::-1][1:])


def _reached(values: Sequence[float], at: npt.NDArray[Any]) -> Counts:
    """Return how many of these values are at least each threshold, (t,)."""
    found = np.array(values, at.dtype)
    return np.asarray((found[:, np.newaxis] >= at).sum(axis=0))
