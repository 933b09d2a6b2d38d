"""Label maps of a case from structure sets: a GTV, a prior segmentation, by the names or numbers of structures.

A structure is taken where it has the very name of the label, or where the user names it; what is only alike is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.dicom.inputs.choice import Chosen
from hnseg.dicom.inputs.keys import NONE, option_of
from hnseg.dicom.series.series import Series
from hnseg.dicom.structure_set.names import structure_of
from hnseg.dicom.structure_set.reading import read_structure_set
from hnseg.dicom.structure_set.structures import Structure, StructureSet
from hnseg.dicom.survey.entry import Survey, SurveyedStructures
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec, InputSocket
from hnseg.printable import printable

Names = dict[str, dict[str, str]]
"""Names or numbers of structures by the name of their label, by the slug of the socket."""


@dataclass(frozen=True)
class ChosenStructures:
    """Structures that fill a socket.

    Attributes:
        path: File of the structure set.
        title: What the structure set is called, such as "structure set 4": its file's name may name the patient.
        series: Series on whose grid the label map is.
        by_label: Structure of each label.
    """

    path: Path
    title: str
    series: Series
    by_label: Mapping[int, Structure]


def asked_structures(words: Sequence[str], spec: ChallengeSpec) -> Names:
    """Return the structures that a user named.

    Args:
        words: Values of `--roi`: pairs of a label's name and the name or number of a structure, such as
            `GTV=GTV_prim`; where two sockets have the label, `SLUG:LABEL=NAME`.
        spec: Description of the sockets.

    Raises:
        InputError: A pair has another form, or names no label, one of several sockets, or one twice.
    """
    names: Names = {}
    for word in words:
        slug, label, name = _pair(word, spec)
        of_socket = names.setdefault(slug, {})
        if of_socket.setdefault(label, name) != name:
            raise InputError(f"--roi must name each label once, but {printable(label)} is there twice.")
    return names


def _pair(word: str, spec: ChallengeSpec) -> tuple[str, str, str]:
    """Return the slug of a socket, the label, and the name that a user gave for it."""
    label, _, name = word.partition("=")
    slugs = [socket.slug for socket in _label_sockets(spec) if _label_in(label, socket)]
    if len(slugs) == 1 and name.strip():
        return slugs[0], label.rpartition(":")[2], name.strip()
    known = ", ".join(f"{one.slug}:{title}" for one in _label_sockets(spec) for title in (one.labels or {}).values())
    raise InputError(
        f"--roi must have a pair such as LABEL=NAME, with one of {known or 'no label here'}, but there is"
        f" {printable(word, longest=60)!r}."
    )


def choose_structures(
    spec: ChallengeSpec,
    survey: Survey,
    chosen: Chosen,
    asked: Mapping[str, int],
    names: Names,
    *,
    filled: Collection[str] = (),
) -> dict[str, ChosenStructures]:
    """Choose the structures for each socket of a label map: required ones, and those that the user asked for.

    Args:
        spec: Description of the sockets.
        survey: Survey of the folder.
        chosen: Series that fill the other sockets.
        asked: Numbers of structure sets that the user gave, by slug.
        names: Structures that the user named.
        filled: Slugs of sockets whose label maps are given as files.

    Raises:
        InputError: There is no structure set on the socket's series, or several; or a structure is not found by its
            name. The sentence ends with the option that answers it.
    """
    wanted = [one for one in _label_sockets(spec) if one.required or one.slug in names or one.slug in asked]
    return {
        socket.slug: _structures(socket, spec, survey, chosen, asked, names.get(socket.slug, {}))
        for socket in wanted
        if asked.get(socket.slug) != NONE and socket.slug not in filled
    }


def _label_sockets(spec: ChallengeSpec) -> list[InputSocket]:
    return [socket for socket in spec.inputs if socket.labels]


def _label_in(label: str, socket: InputSocket) -> bool:
    slug, _, name = label.rpartition(":")
    return slug in ("", socket.slug) and name in (socket.labels or {}).values()


def _structures(
    socket: InputSocket,
    spec: ChallengeSpec,
    survey: Survey,
    chosen: Chosen,
    asked: Mapping[str, int],
    names: Mapping[str, str],
) -> ChosenStructures:
    on = chosen.get(socket.on_grid_of or "")
    if on is None or on.series is None:
        raise InputError(f"The {socket.title} must be drawn on a series, but none was chosen for {socket.on_grid_of}.")
    taken = _structure_set(socket, spec, survey, asked, on.number)
    title = f"structure set {taken.number}"
    found = read_structure_set(taken.path)
    return ChosenStructures(taken.path, title, on.series, _by_label(socket, spec, found, title, names))


def _structure_set(
    socket: InputSocket, spec: ChallengeSpec, survey: Survey, asked: Mapping[str, int], on: int
) -> SurveyedStructures:
    """Return the one structure set on a series, or that of a number."""
    found = _sets_on(on, survey, asked.get(socket.slug))
    if len(found) == 1:
        return found[0]
    if not found:
        damaged = ", ".join(str(each.number) for each in survey.structure_sets if each.problem)
        broken = f", and {damaged} can't be read" if damaged else ""
        raise InputError(
            f"The {socket.title} must be in a structure set (RTSTRUCT) drawn on series {on}, but {survey.folder} has no"
            f" such one{broken}. Is it in another folder? Label maps may also be given by --input."
        )
    options = " or ".join(option_of({socket.slug: each.number}, spec) for each in found)
    raise InputError(
        f"The {socket.title} must be in one structure set, but {len(found)} of {survey.folder} are on series {on}."
        f" Give one of {options}"
    )


def _sets_on(on: int, survey: Survey, number: int | None) -> list[SurveyedStructures]:
    """Return the structure sets that can be read and have a number or, without one, are drawn on a series."""
    whole = [each for each in survey.structure_sets if not each.problem]
    if number is not None:
        return [each for each in whole if each.number == number]
    return [each for each in whole if on in each.on]


def _by_label(
    socket: InputSocket, spec: ChallengeSpec, found: StructureSet, title: str, names: Mapping[str, str]
) -> dict[int, Structure]:
    """Return the structure of each label that the user named or, where none was, of all labels by their names."""
    drawn = [structure for structure in found.structures if structure.is_drawn]
    wanted = {value: label for value, label in (socket.labels or {}).items() if not names or label in names}
    try:
        return {
            value: structure_of(_name_or_number(names.get(label, label), drawn), drawn, title)
            for value, label in wanted.items()
        }
    except InputError as error:
        pairs = " ".join(f"--roi {_key_of(label, socket, spec)}=NAME" for label in wanted.values())
        raise InputError(f"{error} Say which is meant by its name or number: {pairs}") from error


def _name_or_number(asked: str, drawn: Sequence[Structure]) -> str | int:
    """Return a number where digits were asked for and no structure is called so."""
    is_name = any(structure.name == asked for structure in drawn)
    return int(asked) if asked.isdecimal() and not is_name else asked


def _key_of(label: str, socket: InputSocket, spec: ChallengeSpec) -> str:
    """Return how a label is named in the option: with the slug of its socket where others have the label too."""
    several = sum(_label_in(label, one) for one in _label_sockets(spec)) > 1
    return f"{socket.slug}:{label}" if several else label
