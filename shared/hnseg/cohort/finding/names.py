"""Names of cases, each of which becomes the name of a folder or file of the output."""

from __future__ import annotations

from collections.abc import Iterable

from hnseg.errors import InputError
from hnseg.printable import is_utf8, printable

LONGEST = 200
"""Characters of a name at most: file systems take 255 bytes, and files named by a case have suffixes."""
TAKEN = ("cohort.csv", "cohort.log", "index.html")
"""Names of what else lies in a cohort's output folder."""


def fault_of(name: str) -> str:
    """Return what makes a name unusable for a case, in words to follow "it"; empty where it is usable.

    >>> fault_of("case_000"), fault_of("a/b"), fault_of("")
    ('', 'holds a slash', 'is empty')
    """
    faults = {
        "is empty": not name,
        "is not UTF-8": not is_utf8(name),
        "holds a slash": "/" in name or "\\" in name,
        "holds a character that can't be seen": printable(name) != name,
        "begins with a point or a blank, or ends with a blank": name.startswith((".", " ")) or name.endswith(" "),
        f"has more than {LONGEST} characters": len(name) > LONGEST,
        "is that of another file in the output": name in TAKEN,
    }
    return next((fault for fault, holds in faults.items() if holds), "")


def check_names(names: Iterable[str], source: object) -> None:
    """Refuse names of cases that are not usable or that two cases have, be it that capitals alone tell them apart.

    Args:
        names: Names of all cases.
        source: Folder or file that they were found in, for the sentence.

    Raises:
        InputError: The sentence has the first such name.
    """
    former: dict[str, str] = {}
    for name in names:
        if fault := fault_of(name):
            raise InputError(
                f"The name of a case must be usable as a folder's name, but {printable(name)!r} in {source} {fault}."
                " Rename it."
            )
        if (other := former.setdefault(name.lower(), name)) != name:
            raise InputError(
                f"The names of cases must differ in more than capitals, but {source} has {other} and {name}, which are"
                " one folder on some file systems. Rename one of them."
            )
