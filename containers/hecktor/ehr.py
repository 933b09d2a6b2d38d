"""Electronic health record of a patient, read with tolerance for its spellings and gaps.

The organisers' tables and records have had numbers, words, NaN and gaps in the same field, and other spellings of the
fields in every edition. A field that can't be understood counts as unknown, and a note says so; the note quotes nothing
of its contents, since they describe a patient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

_UNKNOWN = {
    "",
    "nan",
    "na",
    "none",
    "null",
    "unknown",
    "unk",
    "missing",
    "notavailable",
    "notknown",
    "notapplicable",
    "nd",
}
_YES = {"1", "yes", "y", "true", "positive", "pos", "p16positive", "hpvpositive", "current", "former", "ever", "with"}
_NO = {"0", "no", "n", "false", "negative", "neg", "p16negative", "hpvnegative", "never", "without"}
_MALE, _FEMALE = {"1", "m", "male", "man"}, {"0", "f", "female", "woman"}
_CRT = {"1", "crt", "chemoradiotherapy", "chemoradiation", "radiochemotherapy", "rct", "ccrt", "chemort", "rtchemo"}
_RT = {"0", "rt", "radiotherapy", "radiation", "radiotherapyalone", "radiotherapyonly", "rtonly", "rtalone"}
_OLDEST_YEARS, _WORST_STATUS = 120, 4
_MOST_CHARACTERS = 1000  # of a field; the rest says nothing


@dataclass(frozen=True)
class Ehr:
    """Fields of a patient's health record; None for an unknown one.

    Attributes:
        age_years: Age in years at the time of the scan.
        is_male: Whether the patient is male; otherwise female.
        smokes: Whether the patient smokes or did.
        drinks: Whether the patient drinks alcohol.
        performance_status: ECOG performance status, 0 (active) to 4 (bedridden).
        treatment: Radiotherapy alone, or with chemotherapy.
        had_surgery: Whether there was surgery before radiotherapy.
        hpv_positive: Whether the tumour is HPV-positive, by p16 or otherwise.
        m_stage: Stage of distant metastases, M0 or M1.
        centre: Hospital, as the record writes it.
    """

    age_years: float | None = None
    is_male: bool | None = None
    smokes: bool | None = None
    drinks: bool | None = None
    performance_status: int | None = None
    treatment: Literal["RT", "CRT"] | None = None
    had_surgery: bool | None = None
    hpv_positive: bool | None = None
    m_stage: Literal["M0", "M1"] | None = None
    centre: str | None = None


def read_ehr(value: Any) -> tuple[Ehr, tuple[str, ...]]:
    """Return the fields of a record, each None where it is unknown.

    Args:
        value: Parsed JSON, or a row of a table by column: an object, or a list with nothing but one object.

    Returns:
        The fields, and a sentence for each that is missing, empty or not understood; there is none for a missing field
        that only some editions have.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, Mapping):
        return Ehr(), (
            "The electronic health record must be a JSON object with a patient's fields, but is none, so nothing is"
            " known of the patient beside the images.",
        )
    fields = {_squeezed(name): content for name, content in value.items()}
    known: dict[str, Any] = {}
    notes: list[str] = []
    for field in _FIELDS:
        content, fault = _content_of(field, [fields[name] for name in field.names if name in fields])
        if content is not None:
            known[field.attribute] = content
        elif fault:
            notes.append(f"The electronic health record's {field.title} {fault}, so it counts as unknown.")
    return Ehr(**known), tuple(notes)


@dataclass(frozen=True)
class _Field:
    """Field of the record: its names, and the reader of its content.

    Attributes:
        attribute: Attribute of `Ehr` that holds it.
        title: Name that the organisers give it.
        names: Spellings of the name, in small letters without anything else than letters and digits.
        read: Function from the text to the content, None where it is not understood.
        must: Description of valid contents, for a sentence.
        is_expected: Whether every record should have it.
    """

    attribute: str
    title: str
    names: tuple[str, ...]
    read: Callable[[str], Any]
    must: str
    is_expected: bool = True


def _content_of(field: _Field, present: Sequence[Any]) -> tuple[Any, str]:
    """Return a field's content, None where it is unknown, and then the fault in words.

    Args:
        field: Field of the record.
        present: Contents of the record's fields that have one of its names.

    Returns:
        No fault, but an empty text where the field is known, or missing though only some editions have it.
    """
    if not present:
        return None, "is missing" if field.is_expected else ""
    written = [text for text in map(_as_text, present) if text == "+" or _squeezed(text) not in _UNKNOWN]
    if not written:
        return None, "is empty"
    found = [content for content in map(field.read, written) if content is not None]
    return (found[0], "") if found else (None, f"must be {field.must}, but is something else")


def _squeezed(text: object) -> str:
    """Return the letters and digits of a text, in small letters and without text in brackets."""
    return re.sub(r"\([^()]*\)|[^a-z0-9]", "", str(text).lower())


def _as_text(content: Any) -> str:
    """Return a content as text, alike for 1, 1.0, true and "1.0"; empty for None and numbers that are not finite."""
    if content is None:
        return ""
    if isinstance(content, bool):
        return str(int(content))
    if not isinstance(content, (str, int, float)):
        return "another kind of value"
    text = str(content).strip()[:_MOST_CHARACTERS]
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return ""
    return str(int(number)) if number.is_integer() else str(number)


def _either(yes: set[str], no: set[str]) -> Callable[[str], bool | None]:
    """Return a reader of words that mean yes or no."""

    def read(text: str) -> bool | None:
        """Return True or False for a word of either set; None for another."""
        word = _squeezed(text)
        return True if word in yes else False if word in no else None

    return read


def _positive_or_negative(text: str) -> bool | None:
    """Read yes and no, and signs such as p16+; a single dash is unknown."""
    sign = text.strip()[-1:]
    return sign == "+" if sign in {"+", "-"} else _either(_YES, _NO)(text)


def _age_years(text: str) -> float | None:
    """Read 63, "63 years", and DICOM's 063Y."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:y|yr|yrs|year|years)?(?:\s*old)?\.?", text.lower())
    years = float(found[1]) if found else 0.0
    return years if 0 < years <= _OLDEST_YEARS else None


def _performance_status(text: str) -> int | None:
    """Read 0 to 4, also after a scale's name such as ECOG."""
    found = re.fullmatch(r"(?:ecog|ps|who)?\s*(\d)", text.lower())
    return int(found[1]) if found and int(found[1]) <= _WORST_STATUS else None


def _treatment(text: str) -> str | None:
    """Read the words for chemoradiotherapy and for radiotherapy alone."""
    word = _squeezed(text)
    return "CRT" if word in _CRT else "RT" if word in _RT else None


def _chemotherapy(text: str) -> str | None:
    """Read the field of 2022: chemotherapy or none beside the radiotherapy that all had."""
    given = _either(_YES, _NO)(text)
    return None if given is None else "CRT" if given else "RT"


def _m_stage(text: str) -> str | None:
    """Read M0, M1 and spellings such as cM1b or 0."""
    word = _squeezed(text).removeprefix("c").removeprefix("m")[:1]
    return f"M{word}" if word in {"0", "1"} else None


def _treatment_or_chemotherapy(text: str) -> str | None:
    """Read the field of either name."""
    return _treatment(text) or _chemotherapy(text)


_FIELDS = (
    _Field("age_years", "Age", ("age", "ageyears", "patientage"), _age_years, "a number of years"),
    _Field("is_male", "Gender", ("gender", "sex"), _either(_MALE, _FEMALE), "0 (female) or 1 (male)"),
    _Field("smokes", "Tobacco Consumption", ("tobaccoconsumption", "tobacco"), _either(_YES, _NO), "0 or 1"),
    _Field("drinks", "Alcohol Consumption", ("alcoholconsumption", "alcohol"), _either(_YES, _NO), "0 or 1"),
    _Field(
        "performance_status",
        "Performance Status",
        ("performancestatus", "ecog"),
        _performance_status,
        "0 to 4",
    ),
    _Field("treatment", "Treatment", ("treatment", "chemotherapy"), _treatment_or_chemotherapy, "0 (RT) or 1 (CRT)"),
    _Field("had_surgery", "Surgery", ("surgery",), _either(_YES, _NO), "0 or 1", is_expected=False),
    _Field("hpv_positive", "HPV Status", ("hpvstatus", "hpv", "p16"), _positive_or_negative, "0 or 1"),
    _Field("m_stage", "M-stage", ("mstage",), _m_stage, "M0 or M1", is_expected=False),
    _Field("centre", "CenterID", ("centerid", "center", "centre", "centreid"), str, "a name", is_expected=False),
)
