"""Flows of grades: how many cases one observer gives each grade that another, or another variant, gives another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hnseg.records import Frozen
from hnseg.robustness.grading.grades_csv import GRADES, Grade
from hnseg.robustness.grading.observers import by_observer, pairs_of, shared_grades
from hnseg.robustness.scores.record import BASELINE

UNPERTURBED, PERTURBED = "baseline", "perturbed"
"""Cases as they are, and cases with a perturbed image."""


class Flow(Frozen):
    """Flow of grades of one structure."""

    structure: str
    one: str
    """Observer who gave the grades on the left, or `baseline`."""
    other: str
    """Observer who gave those on the right, or `perturbed`."""
    of: str
    """Cases of a flow between observers, `baseline` or `perturbed`; observer of one from the former to the latter."""
    counts: tuple[tuple[int, ...], ...]
    """Number of cases with each grade on the left (row, 1 to 5) and on the right (column)."""


def flows_between_observers(grades: Sequence[Grade]) -> list[Flow]:
    """Return the flow of each structure between each pair of observers: over cases as they are, and over perturbed."""
    flows = []
    for perturbed in (False, True):
        for structure, own in by_structure(one for one in grades if one.variant.is_baseline != perturbed).items():
            given = by_observer(own)
            for one, other in pairs_of(given).values():
                counts = _counts(*shared_grades(given[one], given[other]))
                cases = PERTURBED if perturbed else UNPERTURBED
                flows.append(Flow(structure=structure, one=one, other=other, of=cases, counts=counts))
    return flows


def flows_under_perturbation(grades: Sequence[Grade]) -> list[Flow]:
    """Return each observer's flow from a case as it is to its perturbed variants, by structure; cases with both."""
    flows = []
    for structure, own in by_structure(grades).items():
        for observer, given in by_observer(own).items():
            pairs = [
                (given[case, BASELINE], grade)
                for (case, variant), grade in given.items()
                if variant != BASELINE and (case, BASELINE) in given
            ]
            if pairs:
                before, after = map(list, zip(*pairs, strict=True))
                counts = _counts(before, after)
                flow = Flow(structure=structure, one=UNPERTURBED, other=PERTURBED, of=observer, counts=counts)
                flows.append(flow)
    return flows


def by_structure(grades: Iterable[Grade]) -> Mapping[str, list[Grade]]:
    """Return grades by structure, in the order in which these first occur."""
    found: dict[str, list[Grade]] = {}
    for grade in grades:
        found.setdefault(grade.structure, []).append(grade)
    return found


def _counts(one: Sequence[int], other: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    pairs = list(zip(one, other, strict=True))
    return tuple(tuple(pairs.count((left, right)) for right in GRADES) for left in GRADES)
