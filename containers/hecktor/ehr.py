"""What the electronic health record says of a patient, read with patience.

The organisers' tables and records have had numbers, words, NaN and gaps in the same field, and other spellings of the
fields in every edition. A field that can't be understood counts as unknown and is said; nothing of its contents is
quoted, since it describes a patient.
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


@dataclass(frozen=True)
class Ehr:
    """What is known of a patient; None for what is not.

    Attributes:
        age_years: At the time of the scan.
        is_male: Or female.
        smokes: Or did.
        drinks: Alcohol.
        performance_status: ECOG, 0 (active) to 4 (bedridden).
        treatment: Radiotherapy alone, or with chemotherapy.
        had_surgery: Before radiotherapy.
        hpv_positive: The tumour, by p16 or otherwise.
        m_stage: M0 or M1.
        centre: As the record writes it.
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
    """Return what a record says, field by field.

    Args:
        value: Parsed JSON, or a row of a table by column: an object, or a list with nothing but one.

    Returns:
        The record, and a sentence for each field that is missing, empty or not understood; a field that only some
        editions have is not missed.
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
        present = [fields[name] for name in field.names if name in fields]
        if not present and not field.is_expected:
            continue
        content, fault = _content_of(field, present)
        if fault:
            notes.append(f"The electronic health record's {field.title} {fault}, so it counts as unknown.")
        else:
            known[field.attribute] = content
    return Ehr(**known), tuple(notes)


@dataclass(frozen=True)
class _Field:
    """A field of the record.

    Attributes:
        attribute: Of `Ehr`.
        title: The organisers' name of it.
        names: Every spelling of the name, squeezed.
        read: Returns the content, None where it is not understood.
        must: What it must be, for a sentence.
        is_expected: Whether every record should have it.
    """

    attribute: str
    title: str
    names: tuple[str, ...]
    read: Callable[[str], Any]
    must: str
    is_expected: bool = True


def _content_of(field: _Field, present: Sequence[Any]) -> tuple[Any, str]:
    """Return a field's content, and the fault that leaves it unknown in words; empty where it is known.

    Args:
        field: Field of the record.
        present: Contents of the record's fields that have one of its names.
    """
    if not present:
        return None, "is missing"
    written = [text for text in map(_as_text, present) if text == "+" or _squeezed(text) not in _UNKNOWN]
    if not written:
        return None, "is empty"
    found = [content for content in map(field.read, written) if content is not None]
    return (found[0], "") if found else (None, f"must be {field.must}, but is something else")


def _squeezed(text: object) -> str:
    """Return a text in small letters, with nothing but its letters and digits, and without what brackets explain."""
    return re.sub(r"\(.*?\)|[^a-z0-9]", "", str(text).lower())


def _as_text(content: Any) -> str:
    """Return a content as text: 1, 1.0, true and "1.0" alike."""
    if content is None:
        return ""
    if isinstance(content, bool):
        return str(int(content))
    text = str(content).strip()
    try:
        number = float(text)
    except ValueError:
        return text
    if not isfinite(number):
        return ""
    return str(int(number)) if number.is_integer() else str(number)


def _either(yes: set[str], no: set[str]) -> Callable[[str], bool | None]:
    def read(text: str) -> bool | None:
        """Return what a word says; None for one that is neither."""
        word = _squeezed(text)
        return True if word in yes else False if word in no else None

    return read


def _positive_or_negative(text: str) -> bool | None:
    """Read yes and no, and signs such as p16+; a dash alone is no answer."""
    sign = text.strip()[-1:]
    return sign == "+" if sign in {"+", "-"} else _either(_YES, _NO)(text)


def _age_years(text: str) -> float | None:
    """Read 63, "63 years", and DICOM's 063Y."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:y|yr|yrs|year|years)?(?:\s*old)?\.?", text.lower())
    years = float(found[1]) if found else 0.0
    return years if 0 < years <= _OLDEST_YEARS else None


def _performance_status(text: str) -> int | None:
    found = re.fullmatch(r"(?:ecog|ps|who)?\s*(\d)", text.lower())
    return int(found[1]) if found and int(found[1]) <= _WORST_STATUS else None


def _treatment(text: str) -> str | None:
    word = _squeezed(text)
    return "CRT" if word in _CRT else "RT" if word in _RT else None


def _chemotherapy(text: str) -> str | None:
    """Read the field of 2022, which asks for chemotherapy beside the radiotherapy that all had."""
    given = _either(_YES, _NO)(text)
    return None if given is None else "CRT" if given else "RT"


def _m_stage(text: str) -> str | None:
    word = _squeezed(text).removeprefix("c").removeprefix("m")[:1]
    return f"M{word}" if word in {"0", "1"} else None


def _treatment_or_chemotherapy(text: str) -> str | None:
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
