"""HECKTOR 2022, task 1: the mean over GTVp and GTVn of the Dice aggregated over all patients.

Rules of the organisers' notebook (voreille/hecktor, notebooks/evaluate_segmentation2022.ipynb):

* Both label maps are cast to uint8. The prediction's spacing must be the reference's, and the prediction is then always
  resampled onto the reference's grid by nearest neighbour, whatever the challenge's page says. Everything outside the
  prediction is background. A tiny offset changes nothing: the nearest voxel stays the same.
* A structure in neither label map adds nothing. In one of the two alone, it adds its volume to the denominator, so a
  false positive costs its volume. In no label map at all, its DSCagg is 0/0, and so is the mean.

The notebook checks the labels of predictions only; here references must keep to the same labels.
"""

from __future__ import annotations

from collections.abc import Iterable

from hnseg.evaluation.challenges.hecktor.options import LABELS, Options
from hnseg.evaluation.files.label_maps import cast_labels, check_spacing
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.aggregated import CaseOverlaps, aggregated_report
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.report import ScoreReport
from hnseg.imaging.geometry import Grid, array_of, resample_label_map

NOTEBOOK_ATOL = 1e-6
"""Absolute tolerance of the organisers' notebook for equal spacings; numpy adds 1e-5 relative."""


def score(pairs: Iterable[Pair], options: Options) -> ScoreReport:  # noqa: ARG001 (this edition has no options)
    """Score predictions by the rules of 2022.

    Returns:
        Per case and structure `dsc`, undefined where both are empty, and volumes; per structure `aggregated_dsc`, and
        beside it, unranked, the plain `mean_dsc` over the cases whose reference has the structure.

    Raises:
        InputError: A prediction's spacing is not its reference's, or a label map holds other labels than 0, 1, 2.
    """
    return aggregated_report("hecktor", list(LABELS), map(_compare, pairs))


def _compare(pair: Pair) -> CaseOverlaps:
    prediction, cast_note = cast_labels(pair.prediction, LABELS, name=f"prediction of case {pair.name}")
    reference, reference_cast_note = cast_labels(pair.reference, LABELS, name=f"reference of case {pair.name}")
    check_spacing(pair, atol=NOTEBOOK_ATOL)
    prediction.SetSpacing(reference.GetSpacing())  # as the notebook: a header's last digits don't shift voxels
    grid = Grid.of(reference)
    apart = Grid.of(prediction).differences(grid)
    grid_note = (
        f"The prediction was resampled onto its reference's grid by nearest neighbour: it had {apart}." if apart else ""
    )
    predicted, present = array_of(resample_label_map(prediction, grid)), array_of(reference)
    overlaps = {
        name: overlap_of(predicted, present, label=label, voxel_volume_mm3=grid.voxel_volume_mm3)
        for name, label in LABELS.items()
    }
    notes = tuple(filter(None, (cast_note, reference_cast_note, grid_note)))
    return CaseOverlaps(pair.name, overlaps, notes)
