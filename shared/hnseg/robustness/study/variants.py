"""Variants of a study's cases: each is a case of its own for the loop over cases, whose name says what is perturbed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from hnseg.cohort.case import CohortCase
from hnseg.robustness.perturbations.kind import KINDS, Kind
from hnseg.robustness.perturbations.severity import SEVERITIES, Severity
from hnseg.robustness.scores.record import Variant

_BASELINE = "baseline"


@dataclass(frozen=True)
class CaseVariant:
    """Variant of a case: one of its images perturbed, or none.

    Attributes:
        case: Name of the case.
        slug: Slug of the image that is perturbed; empty for the baseline.
        kind: Kind of the perturbation; without a meaning for the baseline.
        severity: Severity; 0 leaves the image as it is, but has it written anew.
    """

    case: str
    slug: str = ""
    kind: Kind = KINDS[0]
    severity: Severity = 0

    @property
    def is_baseline(self) -> bool:
        """Whether the case is as it is."""
        return not self.slug

    @property
    def name(self) -> str:
        """Name of the variant among all variants of all cases, which can be a folder's.

        >>> CaseVariant("p1").name, CaseVariant("p1", "ct-image", "spike", 2).name
        ('p1.baseline', 'p1.ct-image.spike.2')
        """
        parts = (_BASELINE,) if self.is_baseline else (self.slug, self.kind, str(self.severity))
        return ".".join((self.case, *parts))

    @classmethod
    def named(cls, name: str) -> CaseVariant:
        """Return the variant of a name that `name` made; the name of its case may hold points, too."""
        case, _, last = name.rpartition(".")
        if last == _BASELINE:
            return cls(case)
        case, slug, kind = case.rsplit(".", 2)
        return cls(case, slug, cast("Kind", kind), cast("Severity", int(last)))

    @classmethod
    def of_scores(cls, case: str, slug: str, variant: Variant) -> CaseVariant:
        """Return the variant of a case that the scores name, which is not the baseline, by its image's slug."""
        return cls(case, slug, cast("Kind", variant.kind), cast("Severity", variant.severity))


@dataclass(frozen=True)
class Choice:
    """Choice of what a study perturbs.

    Attributes:
        slugs: Slugs of the images.
        kinds: Kinds of perturbations.
        severities: Severities, 1 to 3.
    """

    slugs: tuple[str, ...]
    kinds: tuple[Kind, ...] = KINDS
    severities: tuple[Severity, ...] = SEVERITIES

    def variants_of(self, case: CohortCase) -> Iterator[CaseVariant]:
        """Yield the baseline of a case and its variants: of each of the images that it has."""
        yield CaseVariant(case.name)
        for slug in self.slugs:
            if slug in case.inputs.images:
                for kind in self.kinds:
                    yield from (CaseVariant(case.name, slug, kind, severity) for severity in self.severities)


def variant_cases(cases: Sequence[CohortCase], choice: Choice) -> list[CohortCase]:
    """Return a case for each variant of each case.

    A case with a problem has its baseline alone, which fails for it.
    """
    return [
        case.model_copy(update={"name": variant.name})
        for case in cases
        for variant in ([CaseVariant(case.name)] if case.problem else choice.variants_of(case))
    ]
