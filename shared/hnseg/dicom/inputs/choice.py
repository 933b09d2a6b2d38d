"""Choice of the series that fill a challenge's sockets: the only ones that can, or those that the user names.

Where several can, the choice is a question with their numbers and the option that answers it, never a guess. A CT and
a PET belong together where they have one frame of reference; all series must be of one patient.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import product

from hnseg.dicom.inputs.fitting import image_sockets, in_words, is_of, meant_for, usable
from hnseg.dicom.inputs.keys import NONE, option_of
from hnseg.dicom.survey.entry import Survey, SurveyedSeries
from hnseg.errors import InputError
from hnseg.platform.spec import ChallengeSpec, InputSocket

_MOST_SHOWN = 6
Chosen = dict[str, SurveyedSeries]
"""Series by the slug of its socket."""


def choose_series(
    spec: ChallengeSpec, survey: Survey, asked: Mapping[str, int], *, filled: Collection[str] = ()
) -> Chosen:
    """Choose the series for each socket that one can fill.

    Args:
        spec: Description of the sockets.
        survey: Survey of the folder.
        asked: Numbers of series that the user gave, by slug.
        filled: Slugs of sockets whose images are given as files.

    Returns:
        A series for each required socket of a known modality, and for those optional ones that have one.

    Raises:
        InputError: A required image is not there; a series can't be used or has another modality; several fit; or they
            are of several patients. The sentence on several ends with the option that names them.
    """
    _check_damage(survey)
    chosen = _named(spec, survey, asked)
    candidates = _candidates(spec, survey, chosen, asked, filled)
    ways = _together(spec, chosen, candidates)
    if len(ways) > 1:
        raise InputError(_question(spec, survey, ways, candidates, asked))
    if not ways:
        raise InputError(_apart(spec, survey, chosen, candidates, asked))
    _check_patient(ways[0], survey)
    return {socket.slug: ways[0][socket.slug] for socket in spec.inputs if socket.slug in ways[0]}


def _named(spec: ChallengeSpec, survey: Survey, asked: Mapping[str, int]) -> Chosen:
    """Return the series that the user gave."""
    return {slug: _asked(spec.input(slug), number, survey) for slug, number in asked.items() if number != NONE}


def _candidates(
    spec: ChallengeSpec, survey: Survey, chosen: Chosen, asked: Mapping[str, int], filled: Collection[str]
) -> dict[str, list[SurveyedSeries]]:
    """Return the series that can fill each socket of which the user said nothing, by slug; none for an empty one."""
    told = {*asked, *filled}
    sockets = [socket for socket in _open_sockets(spec, told, survey) if socket.slug not in told]
    found = {socket.slug: _fitting(socket, spec, survey, chosen, asked) for socket in sockets}
    return {slug: entries for slug, entries in found.items() if entries}


def _check_damage(survey: Survey) -> None:
    listed = {entry.uid for entry in survey.series}
    for damage in survey.damage:
        if damage.series_uid not in listed:
            raise InputError(
                f"The DICOM files in {survey.folder} must be whole, but {damage.count} of a series that is unknown or"
                f" wholly damaged can't be used: {damage.reason}. Was the export cut short?"
            )


def _asked(socket: InputSocket, number: int, survey: Survey) -> SurveyedSeries:
    """Return the series of a number that a user gave for a socket."""
    entry = next((each for each in survey.series if each.number == number), None)
    if entry is None:
        raise InputError(
            f"--series must name series of {survey.folder}, which are 1 to {len(survey.series)}, found {number}."
        )
    if not is_of(socket, entry):
        raise InputError(
            f"The {socket.title} must be a {socket.modality.upper()} series, but {number} of {survey.folder} has the"
            f" modality {entry.modality or 'unknown'}. Is it another number?"
        )
    if entry.why_not:
        raise InputError(_unusable(socket, entry, survey))
    return entry


def _unusable(socket: InputSocket, entry: SurveyedSeries, survey: Survey) -> str:
    reason = entry.why_not if entry.why_not.endswith(("?", ".")) else f"{entry.why_not}."
    return (
        f"The {socket.title} must be a whole volume, but series {entry.number} of {survey.folder} is not one: {reason}"
    )


def _open_sockets(spec: ChallengeSpec, told: Collection[str], survey: Survey) -> list[InputSocket]:
    """Return the sockets to choose for: of those with one modality the required ones, where nothing else is to be told.

    Raises:
        InputError: Several series fit several sockets of one modality.
    """
    sockets: list[InputSocket] = []
    for alike in _by_modality(spec):
        if len(alike) == 1:
            sockets += alike
            continue
        if not any(socket.slug in told for socket in alike):
            _check_told(alike, spec, survey)
        sockets += [socket for socket in alike if socket.required]
    return sockets


def _by_modality(spec: ChallengeSpec) -> list[list[InputSocket]]:
    groups: dict[str, list[InputSocket]] = {}
    for socket in image_sockets(spec):
        groups.setdefault(socket.modality, []).append(socket)
    return list(groups.values())


def _check_told(alike: Sequence[InputSocket], spec: ChallengeSpec, survey: Survey) -> None:
    """Refuse to choose where several series fit several sockets."""
    fitting = usable(meant_for(alike[0], survey))
    if len(fitting) > 1:
        example = {socket.slug: entry.number for socket, entry in zip(alike, fitting, strict=False)}
        titles = ", ".join(socket.title for socket in alike)
        raise InputError(
            f"Each of the {titles} must be told, but {len(fitting)} series of {survey.folder} may be any of them:"
            f" {_shown(fitting)}. Say which is which, such as {option_of(example, spec)}"
        )


def _fitting(
    socket: InputSocket, spec: ChallengeSpec, survey: Survey, chosen: Chosen, asked: Mapping[str, int]
) -> list[SurveyedSeries]:
    """Return the series that can fill a socket; none for an optional one of which there is none.

    Raises:
        InputError: There is none, and the socket is required; or something is wrong with one that may be meant.
    """
    taken = [entry.number for entry in chosen.values()]
    meant = [entry for entry in meant_for(socket, survey) if entry.number not in taken]
    fitting = usable(meant)
    if wrong := _wrong_among(meant):
        raise InputError(f"{_unusable(socket, wrong, survey)}{_way_out(socket, spec, fitting, asked)}")
    if socket.required and not fitting:
        raise InputError(
            f"The {socket.title} must be among the series of {survey.folder}, but none there is a volume of"
            f" {socket.modality.upper()}. `hnseg dicom list` shows what there is."
        )
    return fitting


def _way_out(
    socket: InputSocket, spec: ChallengeSpec, fitting: Sequence[SurveyedSeries], asked: Mapping[str, int]
) -> str:
    """Return the option that takes another series or goes without one; empty where neither can be."""
    if fitting:
        return f" If another one is meant: {option_of({**asked, socket.slug: fitting[0].number}, spec)}"
    return "" if socket.required else f" To go without it: {option_of({**asked, socket.slug: NONE}, spec)}"


def _wrong_among(meant: Sequence[SurveyedSeries]) -> SurveyedSeries | None:
    """Return the first series that is broken or, where none can be used, the first; None where there is no such one."""
    broken = [entry for entry in meant if entry.problem]
    unusable = [] if usable(meant) else list(meant)
    return next(iter(broken + unusable), None)


def _together(spec: ChallengeSpec, chosen: Chosen, candidates: Mapping[str, Sequence[SurveyedSeries]]) -> list[Chosen]:
    """Return all choices in which a CT and a PET have one frame of reference."""
    ways = [chosen | dict(zip(candidates, picked, strict=True)) for picked in product(*candidates.values())]
    ct, pet = (next((one.slug for one in image_sockets(spec) if one.modality == kind), "") for kind in ("ct", "pet"))
    return [
        way
        for way in ways
        if ct not in way or pet not in way or way[ct].frame_of_reference == way[pet].frame_of_reference != 0
    ]


def _question(
    spec: ChallengeSpec,
    survey: Survey,
    sets: Sequence[Chosen],
    candidates: Mapping[str, Sequence[SurveyedSeries]],
    asked: Mapping[str, int],
) -> str:
    several = [slug for slug in candidates if len({way[slug].number for way in sets if slug in way}) > 1]
    told = "; ".join(f"the {spec.input(slug).title} may be {_shown(candidates[slug])}" for slug in several)
    numbers = [{**asked, **{slug: entry.number for slug, entry in way.items()}} for way in sets[:_MOST_SHOWN]]
    options = [option_of(each, spec) for each in numbers]
    return f"One series must be meant for each input, but of {survey.folder} {told}. Give one of {' or '.join(options)}"


def _apart(
    spec: ChallengeSpec,
    survey: Survey,
    chosen: Chosen,
    candidates: Mapping[str, Sequence[SurveyedSeries]],
    asked: Mapping[str, int],
) -> str:
    ct, pet = (next(one for one in image_sockets(spec) if one.modality == kind) for kind in ("ct", "pet"))
    numbers = [
        ", ".join(str(entry.number) for entry in ([chosen[one.slug]] if one.slug in chosen else candidates[one.slug]))
        for one in (ct, pet)
    ]
    without = ""
    if not pet.required and (cts := [chosen[ct.slug]] if ct.slug in chosen else list(candidates[ct.slug])):
        without = f" To go without it: {option_of({**asked, ct.slug: cts[0].number, pet.slug: NONE}, spec)}"
    return (
        f"CT and PET must have one frame of reference, but those of {survey.folder} (CT {numbers[0]}; PET {numbers[1]})"
        f" share none. Are they of two examinations, or was the frame of reference replaced?{without}"
    )


def _shown(entries: Sequence[SurveyedSeries]) -> str:
    more = f" and {len(entries) - _MOST_SHOWN} more" if len(entries) > _MOST_SHOWN else ""
    return f"{', '.join(in_words(entry) for entry in entries[:_MOST_SHOWN])}{more}"


def _check_patient(chosen: Chosen, survey: Survey) -> None:
    if len({entry.patient for entry in chosen.values()}) > 1:
        numbers = " and ".join(str(entry.number) for entry in chosen.values())
        raise InputError(
            f"All series of a case must be of one patient, but {numbers} of {survey.folder} have different"
            " PatientIDs. Are there two patients in the folder?"
        )
