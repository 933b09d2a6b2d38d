"""Findings of a rehearsal: what failed or is worth knowing, in the platform's words and in plainer ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from hnseg.printable import printable
from hnseg.records import Frozen, Text

_LONGEST = 2000  # characters of a sentence

Severity = Literal["failure", "warning"]
Phase = Literal["image", "model", "run", "import", "evaluation"]
"""Phase of the verdict. image: upload of the image; model: upload of the weights; run: the container runs; import: the
platform reads the output; evaluation: the challenge compares it with its reference."""


class Finding(Frozen):
    """One observation about a submission or a case."""

    severity: Severity
    """Weight of the finding: a failure fails the case, and with it the submission; a warning fails nothing."""
    stage: Phase
    """Phase to which the finding belongs; `stage` is the key in rehearsal.json."""
    platform_says: Text
    """Sentence that the platform would show; empty where it shows none."""
    explanation: Text
    """Observation in plain words, and the likely cause or cure."""

    @property
    def headline(self) -> str:
        """Sentence of the platform, or the explanation where it has none."""
        return self.platform_says or self.explanation


def failure(phase: Phase, platform_says: str, explanation: str) -> Finding:
    """Return a finding that fails the case."""
    return _finding("failure", phase, platform_says, explanation)


def warning(phase: Phase, explanation: str) -> Finding:
    """Return a finding that fails nothing; the platform does not mention it."""
    return _finding("warning", phase, "", explanation)


def _finding(severity: Severity, phase: Phase, platform_says: str, explanation: str) -> Finding:
    """Return a finding whose sentences, which may quote a container, are not longer than a reader reads."""
    return Finding(
        severity=severity,
        stage=phase,
        platform_says=printable(platform_says, longest=_LONGEST),
        explanation=printable(explanation, longest=_LONGEST),
    )


def first_failure(findings: Iterable[Finding]) -> Finding | None:
    """Return the first finding that fails the case; None where nothing does."""
    return next((finding for finding in findings if finding.severity == "failure"), None)
