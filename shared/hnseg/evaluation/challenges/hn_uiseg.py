"""HN-UISeg: mean DSC, NSD at 2 mm and HD of GTVp and GTVn over the cases, as its authors' tables have them.

There is no challenge of this name, and what the authors say of their measures leaves open what an empty structure
counts. Here:

* A structure that neither reference nor prediction has is left out of the means; the cases that count are counted.
* Where one of the two alone has it, DSC and NSD are 0, and there is no HD: it is left out, and counted.
* HD is the largest distance, not its 95th percentile. HD and NSD are those of google-deepmind's surface-distance.

Beside them stand autoPET's volumes of false positives (components that touch no lesion) and false negatives (lesions
that are missed wholly), in ml.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from hnseg.evaluation.clicks.report import ClicksReport, clicks_report
from hnseg.evaluation.files.label_maps import check_grid, labels_of
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.comparison import compare_structure
from hnseg.evaluation.measures.summary import mean_sd_of
from hnseg.evaluation.report import CaseScore, Metrics, ScoreReport
from hnseg.imaging.geometry import Grid

LABELS = {"GTVp": 1, "GTVn": 2}

_MEASURES = ("dsc", "nsd", "hd_mm", "false_positive_ml", "false_negative_ml")


def score(pairs: Iterable[Pair]) -> ScoreReport:
    """Score label maps.

    Args:
        pairs: Label maps of all cases.

    Returns:
        Per case and structure the values of `compare_structure`; per structure `mean_` and `sd_` of each, `cases`, the
        number with a DSC, and `cases_with_hd`, the number with an HD.

    Raises:
        InputError: A prediction is not on its reference's grid, or a label map holds other labels than 0, 1, 2.
    """
    cases = tuple(map(_score_pair, pairs))
    structures = {name: _over_cases([case.structures[name] for case in cases]) for name in LABELS}
    means = [float(np.nan if row["mean_dsc"] is None else row["mean_dsc"]) for row in structures.values()]
    return ScoreReport(
        challenge="hn_uiseg",
        score=float(np.mean(means)),
        score_name="mean DSC over GTVp and GTVn",
        structures=structures,
        cases=cases,
        notes=tuple(_notes(structures)),
    )


def score_clicks(folder: Path) -> ClicksReport:
    """Score the corrections by a simulated user.

    Args:
        folder: Output of `hnseg simulate-clicks`.

    Raises:
        InputError: There is no record of clicks in it, or one can't be used.
    """
    return clicks_report("hn_uiseg", folder)


def _score_pair(pair: Pair) -> CaseScore:
    predicted = labels_of(pair.prediction, LABELS, name=f"prediction of case {pair.name}")
    present = labels_of(pair.reference, LABELS, name=f"reference of case {pair.name}")
    check_grid(pair)
    grid = Grid.of(pair.reference)
    structures = {name: compare_structure(predicted, present, label, grid) for name, label in LABELS.items()}
    return CaseScore(name=pair.name, structures=structures)


def _over_cases(rows: Sequence[Metrics]) -> Metrics:
    summary: Metrics = {}
    for name in _MEASURES:
        values = np.array([row[name] for row in rows], np.float64)
        found = mean_sd_of(values[np.isfinite(values)])
        summary |= {f"mean_{name}": found.mean, f"sd_{name}": found.sd}
    dsc, hd_mm = (np.array([row[name] for row in rows], np.float64) for name in ("dsc", "hd_mm"))
    return {**summary, "cases": int(np.isfinite(dsc).sum()), "cases_with_hd": int(np.isfinite(hd_mm).sum())}


def _notes(structures: dict[str, Metrics]) -> list[str]:
    without = {name: int(row["cases"] or 0) - int(row["cases_with_hd"] or 0) for name, row in structures.items()}
    return [
        f"{name} has no HD in {count} of its cases, where the prediction or the reference alone has it."
        for name, count in without.items()
        if count
    ]
