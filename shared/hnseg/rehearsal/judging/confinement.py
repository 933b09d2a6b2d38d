"""Verdict on a case that failed under the stricter confinement and ran once more under the platform's own."""

from __future__ import annotations

import re

from hnseg.rehearsal.findings import warning
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.results import CaseResult

_LIKELY = (
    (r"Read-only file system.*/opt/ml/model", "/opt/ml/model"),
    (r"Read-only file system", "root file system"),
    (r"Resource temporarily unavailable|can't start new thread|[Cc]annot fork|can't fork", "processes and threads"),
    (r"[Nn]ot permitted|[Pp]ermission denied|no new privileges|setuid|setgroups", "privileges"),
)
"""Rules that are stricter than the platform's, by what the last lines on stderr hold; the first that fits is named."""
_RULES = ("root file system", "/opt/ml/model", "processes and threads", "privileges")


def may_be_confinement(result: CaseResult) -> bool:
    """Return whether a case failed, and neither for its time nor for its memory, which both confinements limit."""
    return not (result.passed or result.timed_out or result.memory_killed)


def judge_confinement(result: CaseResult, again: CaseResult, profile: Profile) -> CaseResult:
    """Return the result under the platform's own confinement, with a warning where only the stricter one failed.

    Args:
        result: Result of the case that failed under the stricter confinement.
        again: Result of the same case under the platform's own, which decides.
        profile: Profile whose rules say what is stricter here.
    """
    if not again.passed:
        return again
    finding = warning(
        "run",
        "It passes on the platform, and failed here under stricter rules"
        f" ({_likely_rule(result, profile)}): {result.platform_says}",
    )
    return again.model_copy(update={"findings": (*again.findings, finding)})


def _likely_rule(result: CaseResult, profile: Profile) -> str:
    """Return the rule that is likely at fault, with what holds there and here; all of them where none stands out."""
    end = "\n".join(result.stderr_tail[-20:])
    likely = [name for pattern, name in _LIKELY if re.search(pattern, end)][:1] or list(_RULES)
    rules = {rule.name: f"{rule.name}: {rule.value} there, {rule.here} here" for rule in profile.rules}
    return "; ".join(rules.get(name, name) for name in likely)
