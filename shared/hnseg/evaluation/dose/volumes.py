"""Dose against volume of a prescription, as `hnseg dose-paint` tells it: values whose names are the keys of its JSON.

```
rule                         linear, or levels
base_gy, boost_gy            doses of the rule
thresholds[]                 probabilities at which a further level begins; empty for the linear rule
target                       mask, or probability
at_least                     least probability of the target; null where a mask is the target
target_cc                    volume of the target
lowest_gy, mean_gy, highest_gy  doses in it
left_out_cc                  volume outside the target in which the probability is 0.5 or more
volumes[].dose_gy            dose; that of a level, or a tenth of the boost further than the one before
volumes[].at_least_cc        volume that receives this dose or more
volumes[].at_least_share     the same as a share of the target, 0 to 1
volumes[].to_next_cc         volume that receives this dose or more, and less than the next one; that of a level
research_use_only            true
```
"""

from __future__ import annotations

import csv
import io
from typing import Literal

import numpy as np

from hnseg.evaluation.dose.painting import DoseRule, Prescription
from hnseg.evaluation.tables import Table
from hnseg.records import Frozen

_STEPS = 10  # of a linear boost


class DoseVolume(Frozen):
    """Volume of the target that receives a dose or more."""

    dose_gy: float
    at_least_cc: float
    at_least_share: float
    to_next_cc: float


class DoseReport(Frozen):
    """Rule, target and doses of a prescription."""

    rule: Literal["linear", "levels"]
    base_gy: float
    boost_gy: float
    thresholds: tuple[float, ...]
    target: Literal["mask", "probability"]
    at_least: float | None
    target_cc: float
    lowest_gy: float
    mean_gy: float
    highest_gy: float
    left_out_cc: float
    volumes: tuple[DoseVolume, ...]
    research_use_only: Literal[True] = True


def report_of(prescription: Prescription, rule: DoseRule, *, at_least: float | None) -> DoseReport:
    """Return the report of a prescription.

    Args:
        prescription: Doses of the target's voxels.
        rule: Rule that they were made by.
        at_least: Least probability of the target; None where a mask is the target.
    """
    doses = prescription.doses_gy
    return DoseReport(
        rule="levels" if rule.thresholds else "linear",
        base_gy=rule.base_gy,
        boost_gy=rule.boost_gy,
        thresholds=rule.thresholds,
        target="mask" if at_least is None else "probability",
        at_least=at_least,
        target_cc=doses.size * prescription.voxel_cc,
        lowest_gy=float(doses.min()),
        mean_gy=float(doses.mean(dtype=np.float64)),
        highest_gy=float(doses.max()),
        left_out_cc=prescription.left_out_cc,
        volumes=_volumes(prescription, rule),
    )


def _volumes(prescription: Prescription, rule: DoseRule) -> tuple[DoseVolume, ...]:
    """Return the volumes at each dose, compared in float32, as the image has them; one where there is no boost."""
    steps = rule.doses_gy or [rule.base_gy + rule.boost_gy * step / _STEPS for step in range(_STEPS + 1)]
    doses_gy = sorted(set(steps))
    counts = [int(np.count_nonzero(prescription.doses_gy >= np.float32(dose))) for dose in doses_gy]
    return tuple(
        DoseVolume(
            dose_gy=dose,
            at_least_cc=count * prescription.voxel_cc,
            at_least_share=count / prescription.doses_gy.size,
            to_next_cc=(count - further) * prescription.voxel_cc,
        )
        for dose, count, further in zip(doses_gy, counts, [*counts[1:], 0], strict=True)
    )


def volumes_table(report: DoseReport) -> Table:
    """Return the table of dose against volume: one row a dose.

    >>> volume = DoseVolume(dose_gy=66, at_least_cc=12.5, at_least_share=1, to_next_cc=2)
    >>> volumes_table(DoseReport.model_construct(volumes=(volume,))).rows
    (('66.0', '12.50', '100.0', '2.00'),)
    """
    headings = ("dose (Gy)", "at least this (cc)", "share of the target (%)", "below the next dose (cc)")
    return Table(
        headings,
        tuple(
            (f"{one.dose_gy:.1f}", f"{one.at_least_cc:.2f}", f"{100 * one.at_least_share:.1f}", f"{one.to_next_cc:.2f}")
            for one in report.volumes
        ),
        naming_columns=0,
    )


def volumes_csv(report: DoseReport) -> str:
    """Return the volumes as CSV text: a heading of the record's names, one row a dose."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(DoseVolume.model_fields), lineterminator="\n")
    writer.writeheader()
    writer.writerows(one.model_dump() for one in report.volumes)
    return text.getvalue()
