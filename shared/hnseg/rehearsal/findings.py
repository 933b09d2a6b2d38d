"""Findings of a rehearsal: what failed or is worth knowing, in the platform's words and in plainer ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from hnseg.records import Frozen

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
    platform_says: str
    """Sentence that the platform would show; empty where it shows none."""
    explanation: str
    """Observation in plain words, and the likely cause or cure."""

    @property
    def headline(self) -> str:
        """Sentence of the platform, or the explanation where it has none."""
        return self.platform_says or self.explanation


def failure(phase: Phase, platform_says: str, explanation: str) -> Finding:
    """Return a finding that fails the case."""
    return Finding(severity="failure", stage=phase, platform_says=platform_says, explanation=explanation)


def warning(phase: Phase, explanation: str) -> Finding:
    """Return a finding that fails nothing; the platform does not mention it."""
    return Finding(severity="warning", stage=phase, platform_says="", explanation=explanation)


def first_failure(findings: Iterable[Finding]) -> Finding | None:
    """Return the first finding that fails the case; None where nothing does."""
    return next((finding for finding in findings if finding.severity == "failure"), None)
