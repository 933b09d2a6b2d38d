"""Score of one structure in one variant of a case: what a study of robustness is summarised from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

UNPERTURBED = "none"
"""Kind of the baseline."""

MEASURES = (
    "hd95_mm", "hd_mm", "nsd", "jaccard", "sensitivity", "specificity", "accuracy", "precision", "predicted_mm3",
)  # fmt: skip
"""Names of a structure's measures beside the Dice score; any other number of a structure is a descriptor."""


@dataclass(frozen=True, order=True)
class Variant:
    """Variant of a case: one of its images perturbed.

    Attributes:
        modality: Image that is perturbed, such as CT; empty for the baseline.
        kind: Kind of perturbation, such as spike; none for the baseline.
        severity: Severity, 1 and above; 0 for the baseline.
    """

    modality: str
    kind: str
    severity: int

    @property
    def is_baseline(self) -> bool:
        """Whether nothing is perturbed."""
        return self.kind == UNPERTURBED

    def __str__(self) -> str:
        """Return the variant in words.

        >>> str(Variant("CT", "spike", 2)), str(BASELINE)
        ('CT spike 2', 'baseline')
        """
        return "baseline" if self.is_baseline else f"{self.modality} {self.kind} {self.severity}"


BASELINE = Variant("", UNPERTURBED, 0)
"""The case as it is."""


class Outcome(Enum):
    """Outcome of one structure in one case.

    One that is there is missed where the Dice score is 0: the prediction is empty, or lies elsewhere. One that is not
    there is spurious where something was predicted.
    """

    FOUND = "found"
    MISSED = "missed"
    SPURIOUS = "spurious"
    BOTH_EMPTY = "both_empty"


@dataclass(frozen=True)
class ScoreRecord:
    """Score of one structure in one variant of a case.

    Attributes:
        case: Name of the case.
        structure: Name of the structure.
        variant: The variant.
        dice: Dice score, 0 to 1; NaN where reference and prediction are empty.
        reference_mm3: Volume of the reference; 0 for an empty one.
        measures: Other measures by their names in `MEASURES`; a distance is infinite where one side is empty.
        descriptors: Descriptors of the reference by name; NaN where they are undefined.
        refused: Whether the container refused the variant's image, so that an empty label map was scored.
    """

    case: str
    structure: str
    variant: Variant
    dice: float
    reference_mm3: float
    measures: Mapping[str, float] = field(default_factory=dict)
    descriptors: Mapping[str, float] = field(default_factory=dict)
    refused: bool = False

    @property
    def outcome(self) -> Outcome:
        """Outcome; with an empty reference, NaN and 1 say that the prediction is empty too."""
        if self.reference_mm3 > 0:
            return Outcome.FOUND if self.dice > 0 else Outcome.MISSED
        return Outcome.SPURIOUS if self.dice == 0 else Outcome.BOTH_EMPTY
