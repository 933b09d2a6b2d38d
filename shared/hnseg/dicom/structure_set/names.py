"""Names of structures: which label stands for which, and what kind of structure a name is of.

Names are best those of AAPM's TG-263 (Mayo et al., Int J Radiat Oncol Biol Phys 2018; 100: 1057), such as GTVp or
Parotid_L, which have at most 16 characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from hnseg.bounded_files import read_bounded
from hnseg.dicom.structure_set.structures import Structure
from hnseg.errors import InputError
from hnseg.imaging.files.output_files import reason_of
from hnseg.printable import printable

LONGEST_OF_TG263 = 16
"""Characters of the longest name after TG-263; planning systems may cut longer ones."""

_LONGEST = 64  # characters of a DICOM LO
_HIGHEST_LABEL = 255
_TARGET = re.compile(r"(GTV|CTV|PTV)(?![a-z]{2})")


def read_names(path: Path) -> dict[int, str | int | None]:
    """Read the names of a label map's structures.

    Args:
        path: JSON file with an object of labels, 1 to 255, and for each the name of its structure, the number of a
            structure in a structure set, or null for a label that is left out: `{"1": "GTVp", "2": null}`.

    Raises:
        InputError: The file can't be read, or is not such an object.
    """
    try:
        content = json.loads(read_bounded(path))
    except (OSError, ValueError, RecursionError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is no JSON"
        raise InputError(f"The names must be a JSON file, but {path} can't be read: {reason}.") from error
    if not isinstance(content, dict) or not content:
        raise InputError(f'The names must be an object such as {{"1": "GTVp"}}, but {path} holds something else.')
    return {_label(key, path): _name(value, key, path) for key, value in content.items()}


def names_to_write(names: Mapping[int, str | int | None], path: Path) -> dict[int, str]:
    """Return the names of the labels that are written, those of labels left out taken away.

    Args:
        names: Names as read.
        path: File that they are from, for error sentences.

    Raises:
        InputError: A label has a number instead of a name, a name is not in ASCII, two labels have one name, or all
            are left out.
    """
    as_texts = {label: _writable(label, name, path) for label, name in names.items() if name is not None}
    if not as_texts:
        raise InputError(f"Each structure must have a name of its own, but {path} names none. Is there a slip?")
    if len({name.lower() for name in as_texts.values()}) < len(as_texts):
        raise InputError(f"Each structure must have a name of its own, but {path} names two labels alike.")
    return as_texts


def _writable(label: int, name: str | int, path: Path) -> str:
    """Return a name that planning systems can read."""
    if isinstance(name, int):
        raise InputError(f"Each structure must have a name to be written, but label {label} of {path} has {name}.")
    if not (name.isascii() and name.isprintable()) or "\\" in name:
        raise InputError(
            "The name of a structure must be one that planning systems can read, in ASCII and without a backslash,"
            f" but that of label {label} in {path} is {printable(name)!r}."
        )
    return name


def interpreted_type(name: str) -> str:
    """Return what kind of structure a name is of, in DICOM's words.

    >>> [interpreted_type(name) for name in ("GTVp", "PTV_High", "Parotid_L", "External")]
    ['GTV', 'PTV', 'ORGAN', 'EXTERNAL']
    """
    if target := _TARGET.match(name):
        return target[1]
    return "EXTERNAL" if name.lower() in ("external", "body") else "ORGAN"


def structure_of(asked: str | int, structures: Sequence[Structure], path: Path | str) -> Structure:
    """Return the structure of a name or a number.

    Args:
        asked: Name as the structure set has it, or number.
        structures: Structures of the set.
        path: File of the set, or what it is called, for error sentences.

    Raises:
        InputError: There is none, or several have the name; names that differ in spelling alone are told, not taken.
    """
    found = [each for each in structures if asked in (each.number, each.name)]
    if len(found) == 1:
        return found[0]
    shown = printable(str(asked), longest=_LONGEST)
    if found:
        numbers = ", ".join(str(each.number) for each in found)
        raise InputError(
            f"A name must mean one structure, but {len(found)} in {path} are called {shown}."
            f" Ask for one by its number: {numbers}."
        )
    kind = "number" if isinstance(asked, int) else "name"
    missing = f"The structure {shown} must be in {path}, but there is none of that {kind}."
    if alike := [each for each in structures if _folded(each.name) == _folded(str(asked))]:
        raise InputError(f"{missing} Is this one meant: {_listed(alike)}?")
    raise InputError(f"{missing} There are: {_listed(structures)}.")


def _listed(structures: Sequence[Structure]) -> str:
    listed = (f"{each.number} {printable(each.name, longest=_LONGEST)}" for each in structures)
    return ", ".join(listed) or "none"


def _folded(name: str) -> str:
    """Return a name without case and without what is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _label(key: str, path: Path) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,2}", key) or int(key) > _HIGHEST_LABEL:
        raise InputError(
            f"Labels must be whole numbers from 1 to {_HIGHEST_LABEL}, but {path} has {printable(key, longest=20)!r}."
        )
    return int(key)


def _name(value: object, key: str, path: Path) -> str | int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    is_name = isinstance(value, str) and value == value.strip() and 1 <= len(value) <= _LONGEST
    if value is None or is_number or is_name:
        return value  # type: ignore[return-value]
    raise InputError(
        f"A name must have 1 to {_LONGEST} characters without blanks around them, but {path} has something else for"
        f" label {key}."
    )
