"""Recurrence volumes: Dice, recall, precision, predicted volume and captured points of origin of locoregional relapses.

Measures of Kutnár et al. 2023, who predict where a head-and-neck tumour will recur from pre-treatment FDG-PET/CT. What
they leave open is decided in `hnseg.evaluation.measures.origins` (where a recurrence began) and in
`hnseg.evaluation.recurrence.patient_score` (empty label maps). There is no challenge of this name. The score is the
mean DSC, by which the authors chose their networks and their threshold.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.measures.origins import Core
from hnseg.evaluation.options import ScoreOptions
from hnseg.evaluation.recurrence.comparison import Comparison, compare
from hnseg.evaluation.recurrence.methods import Cohort
from hnseg.evaluation.recurrence.patient_score import Recurrences, score_patient
from hnseg.evaluation.recurrence.summary import report_of
from hnseg.evaluation.report import CaseScore, ScoreReport

LABELS = {"recurrence": 1}
"""Label of a predicted volume; in a reference each piece of each label is a recurrence."""


class Options(ScoreOptions):
    """Choices of the score."""

    core: Core = Field("ultimate", description="Erosion of a recurrence to the core it began in; as-code: one alone.")


def score(pairs: Iterable[Pair], options: Options | None = None) -> ScoreReport:
    """Score predicted volumes.

    Args:
        pairs: Label maps of all patients.
        options: Choices; their defaults if not given.

    Returns:
        Per patient the values of `score_patient`; over patients medians, quartiles and the mean DSC; in `overall` the
        counts of origins, of captured ones and of empty label maps.

    Raises:
        InputError: A prediction is not on its reference's grid, or a label map holds fractions.
    """
    options = options or Options()
    return report_of([_score_pair(pair, options.core) for pair in pairs], options.chosen)


def compare_methods(cohort: Cohort, options: Options) -> Comparison:
    """Score several methods on the same patients, and compare them.

    Args:
        cohort: Files of the patients and of the methods' predictions.
        options: Choices.

    Raises:
        InputError: A file can't be read, or is not as `score` needs it.
    """
    return compare(cohort, core=options.core, options=options.chosen)


def _score_pair(pair: Pair, core: Core) -> CaseScore:
    return score_patient(pair, Recurrences.of(pair.reference, name=pair.name, core=core))
