"""Comparison of methods on the same patients: the paper's tests and, beside them, those that its data allow.

The first method is compared with each other one. Kutnár et al. 2023 test Dice and volume by the paired t test, and
captured origins by Fisher's exact test. A handful of patients can't show that differences are normal, and the patients
are the same, so Wilcoxon's signed-rank test and McNemar's exact test stand beside them, and an interval of each
difference by the bootstrap over patients. p values are not corrected.

```
challenge, options.core
methods[].name, .report        name of the method, and its score as `hnseg score` writes it
methods[].intervals            95 % by the bootstrap over patients: median_dsc, median_prediction_cc, and the share of
                               origins captured_by_centre, captured_by_core
differences[]                  first, other, measure (dsc, prediction_cc), patients, mean (first less other), low, high,
                               paired_t_p, wilcoxon_p
captures[]                     first, other, rule (centre, core), unit (patients, origins), first_captured,
                               other_captured, of, fisher_p, mcnemar_p
curves.<method>                origins, patients, points[]: threshold, median_cc, q1_cc, q3_cc, mean_dsc,
                               captured_by_centre, captured_by_core; by probability
sweep                          best_percent, patients_with_brain, curve; null without images
notes[]                        sentences on what was left out
```

A patient is captured where any of his origins is. Origins of one patient are not independent, so tests by origin find
differences too easily where patients have several.
"""

from __future__ import annotations

from collections.abc import Mapping

from hnseg.evaluation.measures.origins import Core
from hnseg.evaluation.recurrence.differences import CaptureTest, Difference, captures_between, differences_between
from hnseg.evaluation.recurrence.intervals import Interval, intervals_of
from hnseg.evaluation.recurrence.methods import Cohort, Patient
from hnseg.evaluation.recurrence.patient_images import PatientImages
from hnseg.evaluation.recurrence.patient_score import Recurrences, score_patient
from hnseg.evaluation.recurrence.summary import report_of
from hnseg.evaluation.recurrence.suvmax_sweep import SuvmaxSweep, sweep_of, sweep_patient
from hnseg.evaluation.recurrence.threshold_curve import Curve, PatientCurve, curve_of, patient_curve
from hnseg.evaluation.report import CaseScore, ScoreReport
from hnseg.imaging.geometry import array_of
from hnseg.records import Frozen

PROBABILITIES = tuple(step / 100 for step in range(101))
"""Thresholds of a probability's curve."""


class MethodScore(Frozen):
    """Score of a method, with intervals."""

    name: str
    report: ScoreReport
    intervals: dict[str, Interval]


class Comparison(Frozen):
    """Methods on the same patients; the keys stand in the module's head."""

    challenge: str
    options: dict[str, str]
    methods: tuple[MethodScore, ...]
    differences: tuple[Difference, ...]
    captures: tuple[CaptureTest, ...]
    curves: dict[str, Curve]
    sweep: SuvmaxSweep | None
    notes: tuple[str, ...]


class _Gathered:
    """Values of the patients read so far, by method."""

    def __init__(self, cohort: Cohort) -> None:
        self.scores: dict[str, list[CaseScore]] = {method: [] for method in cohort.methods}
        self.curves: dict[str, list[PatientCurve]] = {}
        self.sweep: list[PatientCurve] = []
        self.patients_with_brain = 0

    def add(self, patient: Patient, core: Core) -> None:
        """Read the files of a patient, one image after the other."""
        reference = patient.read_reference()
        recurrences = Recurrences.of(reference, name=patient.name, core=core)
        for method, scores in self.scores.items():
            probability = patient.read_probability(method, reference) if method in patient.probabilities else None
            scores.append(score_patient(patient.read_pair(method, reference, probability), recurrences))
            if probability is not None:
                curve = patient_curve(array_of(probability), recurrences, PROBABILITIES)
                self.curves.setdefault(method, []).append(curve)
        if patient.images is not None:
            self._add_sweep(patient.images, recurrences, patient.name)

    def _add_sweep(self, images: PatientImages, recurrences: Recurrences, name: str) -> None:
        brain = images.read("brain") if "brain" in images.paths else None
        self.patients_with_brain += brain is not None
        self.sweep.append(sweep_patient(recurrences, images.read("pet"), images.read("gtv"), brain, name=name))


def compare(cohort: Cohort, *, core: Core, options: Mapping[str, str]) -> Comparison:
    """Score every method, and compare the first with each other one. Only one patient at a time is in memory.

    Args:
        cohort: Files of the patients and of the methods' predictions.
        core: Rule of the erosion of a recurrence to its core.
        options: Choices of the score by name, for the report.

    Raises:
        InputError: A file can't be read, or lies on another grid than the reference.
    """
    gathered = _Gathered(cohort)
    for patient in cohort.patients:
        gathered.add(patient, core)
    reports = {method: report_of(cases, options) for method, cases in gathered.scores.items()}
    first, *others = reports.items()
    return Comparison(
        challenge="recurrence",
        options=dict(options),
        methods=tuple(
            MethodScore(name=name, report=report, intervals=intervals_of(report.cases))
            for name, report in reports.items()
        ),
        differences=tuple(one for other in others for one in differences_between(first, other)),
        captures=tuple(one for other in others for one in captures_between(first, other)),
        curves={method: curve_of(curves, PROBABILITIES) for method, curves in gathered.curves.items()},
        sweep=sweep_of(gathered.sweep, patients_with_brain=gathered.patients_with_brain) if gathered.sweep else None,
        notes=cohort.notes,
    )
