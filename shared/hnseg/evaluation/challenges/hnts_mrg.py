"""HNTS-MRG 2024, task 2: the mean over GTVp and GTVn of the Dice aggregated over all cases.

Rules of the organisers' published evaluation (kwahid/HNTSMRG_2024, Evaluation_example/DSCagg_calculation.ipynb), whose
values come out here to the last digits on the masks published with it. Differences:

* A prediction whose origin or direction differs so little that the organisers' script leaves it unresampled, and yet
  more than ITK's tolerance, stops that script. Here it is compared voxel by voxel, with a note.
* The script checks the labels of predictions only; here references must keep to the same labels.
* Dice of a structure that is in neither label map is undefined here and 0 in the script; no score changes by it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import SimpleITK as sitk

from hnseg.evaluation.files.label_maps import cast_labels, check_spacing
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.aggregated import CaseOverlaps, aggregated_report
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.report import ScoreReport
from hnseg.imaging.geometry import Grid, array_of, resample_label_map

LABELS = {"GTVp": 1, "GTVn": 2}

SCRIPT_ATOL = 1e-6
"""Absolute tolerance of the organisers' script for equal spacings, directions and origins; numpy adds 1e-5 relative."""

ITK_TOLERANCE = 1e-6
"""Tolerance of ITK for two images on one grid: for directions as it is, for origins times the first spacing."""


def score(pairs: Iterable[Pair]) -> ScoreReport:
    """Score predictions as HNTS-MRG 2024 does in task 2.

    Args:
        pairs: Label maps of all cases. A score of some cases only can't be compared with published ones.

    Returns:
        Per case and structure `dsc` and volumes; per structure `aggregated_dsc`, and beside it, unranked, the plain
        `mean_dsc` over the cases whose reference has the structure, with the number of these cases.

    Raises:
        InputError: A prediction's spacing is not its reference's, or a label map holds other labels than 0, 1, 2.
    """
    return aggregated_report("hnts_mrg", list(LABELS), map(_compare, pairs))


def _compare(pair: Pair) -> CaseOverlaps:
    prediction, cast_note = cast_labels(pair.prediction, LABELS, name=f"prediction of case {pair.name}")
    reference, reference_cast_note = cast_labels(pair.reference, LABELS, name=f"reference of case {pair.name}")
    check_spacing(pair, atol=SCRIPT_ATOL)
    prediction, grid_note = _resampled_onto(prediction, reference)
    predicted, present = array_of(prediction), array_of(reference)
    volume_mm3 = Grid.of(reference).voxel_volume_mm3
    overlaps = {
        name: overlap_of(predicted, present, label=label, voxel_volume_mm3=volume_mm3) for name, label in LABELS.items()
    }
    notes = tuple(filter(None, (cast_note, reference_cast_note, grid_note)))
    return CaseOverlaps(pair.name, overlaps, notes)


def _resampled_onto(prediction: sitk.Image, reference: sitk.Image) -> tuple[sitk.Image, str]:
    """Return the prediction on the reference's grid, and a note where it came on another one."""
    here, there = Grid.of(prediction), Grid.of(reference)
    same = (
        here.size_xyz == there.size_xyz
        and np.allclose(here.direction, there.direction, atol=SCRIPT_ATOL)
        and np.allclose(here.origin_mm, there.origin_mm, atol=SCRIPT_ATOL)
    )
    if not same:
        apart = here.differences(there) or f"voxel centres {here.distance_mm(there):.2g} mm apart"
        note = f"The prediction was resampled onto its reference's grid by nearest neighbour: it had {apart}."
        return resample_label_map(prediction, there), note
    if _within_itk_tolerance(here, there):
        return prediction, ""
    note = (
        f"The prediction lies {here.distance_mm(there):.2g} mm off its reference and was compared voxel by voxel;"
        " the organisers' script stops at such a case, so copy the header exactly."
    )
    return prediction, note


def _within_itk_tolerance(here: Grid, there: Grid) -> bool:
    # The script sets the spacing to the reference's before it compares, so spacing has no part in this.
    apart_mm = np.abs(np.subtract(here.origin_mm, there.origin_mm)).max()
    turned = np.abs(np.subtract(here.direction, there.direction)).max()
    return bool(apart_mm <= ITK_TOLERANCE * there.spacing_mm[0] and turned <= ITK_TOLERANCE)
