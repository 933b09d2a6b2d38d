"""Verdict on the cases of a batch, which share their time, and of which one that fails fails all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from hnseg.rehearsal.findings import Finding, failure
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.results import CaseResult


def judge_batch(results: Sequence[CaseResult], profile: Profile) -> list[CaseResult]:
    """Return the results as a batch gives them.

    Source: DIAGNijmegen/rse-grand-challenge, pull requests 4985 and 4986, 2026-09.

    Args:
        results: Results of the cases by themselves, in their order.
        profile: Limits of the job; its time limit is that of all cases together.
    """
    limit_s = profile.time_limit_s
    totals_s = accumulate(result.time_s for result in results)
    timed = [
        _failed(result, _out_of_time(total_s, limit_s)) if result.passed and total_s > limit_s else result
        for result, total_s in zip(results, totals_s, strict=True)
    ]
    first = next((result for result in timed if not result.passed), None)
    if first is None:
        return timed
    together = failure("run", "", f"In a batch a failed case fails all others, and {first.name} failed.")
    return [_failed(result, together) if result.passed else result for result in timed]


def _out_of_time(total_s: float, limit_s: float) -> Finding:
    return failure(
        "run",
        "Time limit exceeded",
        f"The cases of the batch may take {limit_s:g} s together, and with this one they took {total_s:.1f} s.",
    )


def _failed(result: CaseResult, finding: Finding) -> CaseResult:
    findings = (*result.findings, finding)
    return result.model_copy(update={"passed": False, "platform_says": finding.headline, "findings": findings})
