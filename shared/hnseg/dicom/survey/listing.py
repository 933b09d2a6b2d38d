"""Listing of a survey: tables for a terminal, and the same as values for JSON; nothing in it names a patient."""

from __future__ import annotations

from collections.abc import Sequence

from hnseg.dicom.survey.entry import Survey, SurveyedSeries
from hnseg.evaluation.tables import Table
from hnseg.records import Frozen


class SeriesRecord(Frozen):
    """Series of a listing, with the fields of `SurveyedSeries`; sizes and spacings are (x, y, z)."""

    number: int
    modality: str
    series_number: str
    images: int
    patient: int
    study: int
    frame_of_reference: int
    size_xyz: tuple[int, int, int] | None
    spacing_mm: tuple[float, float, float] | None
    orientation: str
    echo_ms: float | None
    repetition_ms: float | None
    suv: bool | None
    """Whether a PET can be in SUV; None for other modalities."""
    suv_reason: str
    usable: bool
    reason: str
    """Why it can't be an input; empty where it can."""
    notes: tuple[str, ...]


class StructureSetRecord(Frozen):
    """Structure set of a listing, with the fields of `SurveyedStructures`."""

    number: int
    structures: int
    on: tuple[int, ...]
    reason: str


def series_records(survey: Survey) -> list[SeriesRecord]:
    """Return the series of a survey as values."""
    return [_record(entry) for entry in survey.series]


def structure_set_records(survey: Survey) -> list[StructureSetRecord]:
    """Return the structure sets of a survey as values."""
    return [
        StructureSetRecord(number=each.number, structures=each.structures, on=each.on, reason=each.problem)
        for each in survey.structure_sets
    ]


def series_table(records: Sequence[SeriesRecord]) -> Table:
    """Return the table of series: a row each, with what it is, where it belongs and why it can't be taken."""
    headings = (
        "",
        "modality",
        "series number",
        "images",
        "size",
        "spacing mm",
        "orientation",
        "belongs to",
        "SUV",
        "note",
    )
    return Table(headings, tuple(map(_row, records)), naming_columns=len(headings))


def structure_sets_table(records: Sequence[StructureSetRecord]) -> Table:
    """Return the table of structure sets: a row each."""
    headings = ("", "structures", "drawn on series", "note")
    rows = (
        (str(each.number), str(each.structures), ", ".join(map(str, each.on)) or "none here", each.reason)
        for each in records
    )
    return Table(headings, tuple(rows), naming_columns=len(headings))


def others_in_words(survey: Survey) -> list[str]:
    """Return sentences on the files that are none of these."""
    damage = (
        f"{each.count} DICOM file{'s' * (each.count > 1)} can't be used: {each.reason}." for each in survey.damage
    )
    left = [f"{survey.others} other file{'s' * (survey.others > 1)} left alone."] if survey.others else []
    return [*damage, *left]


def _record(entry: SurveyedSeries) -> SeriesRecord:
    grid = entry.series.grid if entry.series else None
    is_pet = entry.modality == "PT" and entry.series is not None
    return SeriesRecord(
        number=entry.number,
        modality=entry.modality,
        series_number=entry.series_number,
        images=entry.images,
        patient=entry.patient,
        study=entry.study,
        frame_of_reference=entry.frame_of_reference,
        size_xyz=grid.size_xyz if grid else None,
        spacing_mm=grid.spacing_mm if grid else None,
        orientation=entry.orientation,
        echo_ms=entry.echo_ms,
        repetition_ms=entry.repetition_ms,
        suv=entry.suv is not None if is_pet else None,
        suv_reason=entry.suv.reason if entry.suv else entry.no_suv,
        usable=not entry.why_not,
        reason=entry.why_not,
        notes=entry.notes,
    )


def _row(record: SeriesRecord) -> tuple[str, ...]:
    belongs = f"patient {record.patient}, study {record.study}, frame {record.frame_of_reference or 'none'}"
    reason = "" if record.suv is False else record.reason
    return (
        str(record.number),
        record.modality or "?",
        record.series_number,
        str(record.images),
        " x ".join(map(str, record.size_xyz or ())),
        " x ".join(f"{side:.4g}" for side in record.spacing_mm or ()),
        record.orientation,
        belongs,
        _suv_in_words(record),
        "; ".join(filter(None, [_times_in_words(record), reason, *record.notes])),
    )


def _suv_in_words(record: SeriesRecord) -> str:
    return "" if record.suv is None else f"{'yes' if record.suv else 'no'}: {record.suv_reason}"


def _times_in_words(record: SeriesRecord) -> str:
    if record.echo_ms is None or record.repetition_ms is None:
        return ""
    return f"TE {record.echo_ms:g}, TR {record.repetition_ms:g} ms"
