"""What went wrong or is worth knowing, in the platform's words and in plainer ones."""

from __future__ import annotations

from typing import Literal

from hnseg.records import Frozen

Stage = Literal["image", "model", "run", "import", "evaluation"]


class Finding(Frozen):
    """One thing that was found.

    `platform_says` is the sentence that the platform would show, empty where it shows none.
    """

    severity: Literal["failure", "warning"]
    """A failure fails the case, and with it the submission."""
    stage: Stage
    """image: the upload of the image; model: of the weights; run: the container; import: the platform reads the
    output; evaluation: the challenge compares it."""
    platform_says: str
    explanation: str
    """What was found, and the likely cause or cure."""

    @property
    def headline(self) -> str:
        """The platform's sentence, or ours where it has none."""
        return self.platform_says or self.explanation


def failure(stage: Stage, platform_says: str, explanation: str) -> Finding:
    """Return a finding that fails the case."""
    return Finding(severity="failure", stage=stage, platform_says=platform_says, explanation=explanation)


def warning(stage: Stage, explanation: str) -> Finding:
    """Return a finding that fails nothing."""
    return Finding(severity="warning", stage=stage, platform_says="", explanation=explanation)
