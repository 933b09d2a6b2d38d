"""Measures of one patient: overlap, volume, and captured points of origin.

Any value above 0 of a prediction is predicted volume. Where reference or prediction is empty: Dice is 0 where one of
the two is, and undefined where both are; precision is undefined for an empty prediction, recall for an empty reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.label_maps import check_grid
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.origins import Core, Origin, origins_of
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.report import CaseScore, Metrics
from hnseg.imaging.geometry import Grid

STRUCTURE = "recurrence"
"""Name of all recurrences of a patient together."""

_ORIGIN = "origin"

CC_MM3 = 1000.0
"""Cubic millimetres in a cubic centimetre."""


@dataclass(frozen=True)
class Recurrences:
    """Recurrences of a patient, as the reference has them.

    Attributes:
        mask: Voxels of all of them, (z, y, x).
        origins: Their points of origin.
        grid: Grid of the reference.
    """

    mask: npt.NDArray[np.bool_]
    origins: Sequence[Origin]
    grid: Grid

    @classmethod
    def of(cls, reference: sitk.Image, *, name: str, core: Core) -> Recurrences:
        """Return the recurrences of a reference.

        Args:
            reference: Label map of any scalar type with whole values.
            name: Name of the patient, for the sentence of an error.
            core: Rule of the erosion.

        Raises:
            InputError: The reference holds fractions.
        """
        labels = _whole(sitk.GetArrayViewFromImage(reference), f"reference of case {name}")
        grid = Grid.of(reference)
        return cls(labels > 0, origins_of(labels, spacing_zyx_mm=grid.spacing_zyx_mm, core=core), grid)

    @property
    def voxel_cc(self) -> float:
        """Volume of a voxel in cubic centimetres."""
        return self.grid.voxel_volume_mm3 / CC_MM3


def score_patient(pair: Pair, recurrences: Recurrences) -> CaseScore:
    """Return the measures of one patient.

    Args:
        pair: Predicted label map, any value above 0 of which is predicted, and reference.
        recurrences: Recurrences of the reference.

    Returns:
        Of all recurrences together `dsc`, `recall`, `precision`, `prediction_cc`, `reference_cc`, and the numbers
        `origins`, `captured_by_centre` and `captured_by_core`; of each one, `origin 1` and so on, `reference_cc` and
        whether it is captured, 1 or 0.

    Raises:
        InputError: The two lie on different grids, or the prediction holds fractions.
    """
    check_grid(pair)
    predicted = _whole(sitk.GetArrayViewFromImage(pair.prediction), f"prediction of case {pair.name}") > 0
    each = {
        f"{_ORIGIN} {number}": _origin_measures(origin, predicted, recurrences)
        for number, origin in enumerate(recurrences.origins, 1)
    }
    return CaseScore(
        name=pair.name, structures={STRUCTURE: _measures(predicted, recurrences, list(each.values())), **each}
    )


def hits_of(case: CaseScore, rule: str) -> list[bool]:
    """Return whether each origin of a patient is captured, by a rule of where it lies."""
    return [row[f"captured_by_{rule}"] == 1 for name, row in case.structures.items() if name != STRUCTURE]


def _measures(predicted: npt.NDArray[np.bool_], recurrences: Recurrences, each: Sequence[Metrics]) -> Metrics:
    voxel_mm3 = recurrences.grid.voxel_volume_mm3
    overlap = overlap_of(predicted, recurrences.mask, label=1, voxel_volume_mm3=voxel_mm3)
    return {
        "dsc": overlap.dice,
        "recall": overlap.recall,
        "precision": overlap.precision,
        "prediction_cc": overlap.prediction_mm3 / CC_MM3,
        "reference_cc": overlap.reference_mm3 / CC_MM3,
        "origins": len(each),
        "captured_by_centre": sum(row["captured_by_centre"] or 0 for row in each),
        "captured_by_core": sum(row["captured_by_core"] or 0 for row in each),
    }


def _origin_measures(origin: Origin, predicted: npt.NDArray[np.bool_], recurrences: Recurrences) -> Metrics:
    return {
        "reference_cc": origin.voxels * recurrences.voxel_cc,
        "captured_by_centre": int(origin.centre_value(predicted) > 0),
        "captured_by_core": int(origin.core_value(predicted) > 0),
    }


def _whole(values: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Return the voxels of a label map, or refuse them where they are fractions."""
    if values.dtype.kind == "f" and not np.array_equal(values, np.floor(values)):
        raise InputError(
            f"The {name} must be a label map of whole numbers, found fractions in it."
            " Does it hold probabilities? Give their folder by --probabilities."
        )
    return values
