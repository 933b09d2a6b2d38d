"""Names that are probably one person's: the same number with zeros, another case, or a copy's suffix.

The same person in the training part and the validation part of a fold is a leak: the validation is too good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from hnseg_training.dataset.survey.problem import Problem

# CHUM-004_v2, CHUM-004 (1), case_01 - Copy, 12_copy2, case_01_new
_COPY = re.compile(r"[\s_.-]*(?:v(?:er)?[\s_.-]?\d+|\(\d+\)|copy\s?(?:\(\d+\)|\d*)|new|old|backup|bak)$")
_SEPARATORS = re.compile(r"[\s_.-]+")


def person_key(name: str) -> str:
    """Return a form of a name that is the same for names which are probably one person's.

    >>> person_key("02") == person_key("2"), person_key("CHUM-004_v2") == person_key("chum-4")
    (True, True)
    >>> person_key("CHUM-004") == person_key("CHUM-040"), person_key("v2")
    (False, 'v2')
    """
    key = name.strip().casefold()
    while (shorter := _COPY.sub("", key)) and shorter != key:
        key = shorter
    return re.sub(r"0*(\d+)", r"\1", _SEPARATORS.sub("-", key))


def same_person_problems(names: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each name after the first of those that are probably one person's.

    Args:
        names: Names of all patients; of equal names one counts.
    """
    first: dict[str, str] = {}
    for name in sorted(set(names), key=lambda name: (len(name), name)):
        former = first.setdefault(person_key(name), name)
        if former != name:
            yield Problem(
                name,
                f"Patients must be different people, but {former!r} and {name!r} look like one, who would be trained on"
                " and validated on at once. Was a folder renamed or copied? Leave one of them out.",
            )
