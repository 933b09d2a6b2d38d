"""Report of a calibration: what was measured before and after, as a record, a table and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from hnseg.evaluation.calibration.measures import CalibrationMeasures
from hnseg.evaluation.tables import UNDEFINED, Table
from hnseg.inference.model.calibration import PredictedBy
from hnseg.records import Frozen, MaybeNumber

MEASURES = {
    "ece": "ECE, 15 bins of equal width",
    "ece_equal_mass": "ECE, 15 bins of equal mass",
    "classwise_ece": "ECE, mean over classes",
    "brier": "Brier score",
    "nll": "negative log-likelihood",
    "aurc": "area under risk-coverage curve",
    "excess_aurc": "excess of that area",
    "auroc_of_errors": "AUROC of low confidence for errors",
    "accuracy": "accuracy",
    "mean_confidence": "mean confidence",
}
"""Titles of the measures, by their names in the record."""


class BeforeAndAfter(Frozen):
    """Measures on the same voxels without temperatures, and with those that were fitted on other cases."""

    before: CalibrationMeasures
    after: CalibrationMeasures


class CalibrationReport(Frozen):
    """Result of a calibration, `calibration.json`."""

    model: str
    """Name of the ensemble."""
    predicted_by: PredictedBy
    """Networks that predicted each case; see `hnseg.inference.model.calibration.Calibration`."""
    cases: dict[str, str]
    """Part that each case is in, by the case's name; of cases that a fold predicted, that fold."""
    band_mm: float
    """Distance from the surfaces of reference and prediction up to which voxels are in the band, in mm."""
    most_voxels: int
    """Most voxels of a case in the band, and as many everywhere."""
    seed: int
    """Seed by which they were drawn."""
    temperatures: dict[str, float]
    """Temperature of each class, fitted on all cases: those that the model gets."""
    temperatures_without: dict[str, dict[str, float]]
    """Temperatures without the cases of a part, or of one part without a case, by its name: those of `after`."""
    band: BeforeAndAfter
    """Voxels of the band."""
    everywhere: BeforeAndAfter
    """Voxels of the whole images."""

    @property
    def table(self) -> Table:
        """Table of the measures, a row each, and of the structures' calibration errors."""
        headings = ("measure", "band, before", "band, after", "all voxels, before", "all voxels, after")
        return Table(headings, tuple((title, *map(_text, values)) for title, values in self._rows()))

    def as_csv(self) -> str:
        """Return the same values as RFC 4180 has them, with a column for each number; empty where it is undefined."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("measure", "band_before", "band_after", "everywhere_before", "everywhere_after"))
        writer.writerows((title, *values) for title, values in self._rows())
        return text.getvalue()

    def _rows(self) -> Iterator[tuple[str, list[MaybeNumber]]]:
        four = [each for pair in (self.band, self.everywhere) for each in (pair.before, pair.after)]
        for name, title in MEASURES.items():
            yield title, [getattr(each, name) for each in four]
        for name in self.band.before.structures:
            yield f"ECE of {name} near its surface", [each.structures[name].ece for each in four]


def _text(value: MaybeNumber) -> str:
    return UNDEFINED if value is None else f"{value:.4f}"
