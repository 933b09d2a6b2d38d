"""Verdict on a case that ran once more with `inputs.json` in another dialect."""

from __future__ import annotations

from hnseg.rehearsal.findings import warning
from hnseg.rehearsal.preparing.input_list import Dialect
from hnseg.rehearsal.results import CaseResult

_IN_WORDS = {
    Dialect.TODAY: "today's",
    Dialect.INTERFACE: "that with the key interface alone, which live jobs had until December 2025",
    Dialect.SOCKET: "that with the key socket alone, which local test packs have",
    Dialect.NONE: "none at all, as before March 2025",
}


def judge_dialect(result: CaseResult, again: CaseResult, dialect: Dialect) -> CaseResult:
    """Return a case's result with a warning where the case ended otherwise in another dialect.

    It is no more than a warning, since the platform has one dialect at a time.

    Args:
        result: Result in the first dialect, which decides.
        again: Result of the same case in the other dialect.
        dialect: The other dialect.
    """
    if result.passed == again.passed:
        return result
    ended = "passes" if again.passed else f"fails: {again.platform_says}"
    finding = warning("run", f"With inputs.json in the dialect {dialect.value} ({_IN_WORDS[dialect]}) the case {ended}")
    return result.model_copy(update={"findings": (*result.findings, finding)})
