"""Verdict on a case that failed under the stricter confinement and ran once more under the platform's own."""

from __future__ import annotations

import re

from hnseg.rehearsal.findings import warning
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.results import CaseResult

_LIKELY = (
    (r"Read-only file system.*/opt/ml/model", "/opt/ml/model"),
    (r"Read-only file system", "root file system"),
    (r"Resource temporarily unavailable|can't start new thread", "processes and threads"),
    (r"[Nn]ot permitted|[Pp]ermission denied|no new privileges|setuid|setgroups", "privileges"),
)
"""Rules that are stricter than the platform's, by what the last lines on stderr hold; the first that fits is named."""
_RULES = ("root file system", "/opt/ml/model", "processes and threads", "privileges")


def may_be_confinement(result: CaseResult) -> bool:
    """Return whether a case failed by what only the stricter confinement forbids, as far as can be seen.

    Time and memory are limited by both. A program that could not start another process, rather than a thread, may be a
    fork bomb, which this machine is spared a second time.
    """
    end = _end_of_stderr(result)
    out_of_processes = "Resource temporarily unavailable" in end and "thread" not in end.lower()
    return not (result.passed or result.timed_out or result.memory_killed or out_of_processes)


def judge_confinement(result: CaseResult, again: CaseResult, profile: Profile) -> CaseResult:
    """Return the result under the platform's own confinement, with a warning where only the stricter one failed.

    Args:
        result: Result of the case under the stricter confinement.
        again: Result of the same case under the platform's own, which decides.
        profile: Profile whose rules say what is stricter here.
    """
    if result.passed or not again.passed:
        return again
    finding = warning(
        "run",
        "It passes on the platform, and failed here under stricter rules"
        f" ({_likely_rule(result, profile)}): {result.platform_says}",
    )
    return again.model_copy(update={"findings": (*again.findings, finding)})


def _likely_rule(result: CaseResult, profile: Profile) -> str:
    """Return the rule that is likely at fault, with what holds there and here; all of them where none stands out."""
    end = _end_of_stderr(result)
    likely = [name for pattern, name in _LIKELY if re.search(pattern, end)][:1] or list(_RULES)
    rules = {rule.name: f"{rule.name}: {rule.value} there, {rule.here} here" for rule in profile.rules}
    return "; ".join(rules.get(name, name) for name in likely)


def _end_of_stderr(result: CaseResult) -> str:
    return "\n".join(result.stderr_tail[-20:])
