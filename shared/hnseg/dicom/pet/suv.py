"""Standardised uptake values by body weight (SUVbw) of a PET series: their factor, or why there is none.

SUVbw is the activity (Bq/ml) times the body weight (g) over the injected dose (Bq), both at one time. After the
vendor-neutral pseudo-code of RSNA's QIBA (as reproduced in docest.com/doc/550456, read 2026-11-30):

* Units GML with SUVType BW, or none: the values are SUVbw.
* Units BQML: DecayCorrection ADMIN has the activity at the injection, so the dose is as it was injected; START has it
  at the start of the scan, to which the dose decays. NONE is not corrected, and refused.
* Units CNTS of Philips: (7053,1000) is the factor to SUVbw; where it is missing or 0, (7053,1009) is that to Bq/ml.

The start of the scan is SeriesDate and SeriesTime, unless these are later than the first AcquisitionDate and
AcquisitionTime, as they are of series that were made afterwards; then it is GE's private (0009,100D) where it is there,
else the first acquisition. The injection is RadiopharmaceuticalStartDateTime, or else RadiopharmaceuticalStartTime, of
the day before where it is later than the scan. Sentences name elements and have no value: weight and dose are of a
patient's record.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydicom import Dataset, dcmread

from hnseg.dicom.elements import check_items, damage_as_header_error, items_of, numbers_of, text_of
from hnseg.dicom.pet.private import philips_factor, private_scan_time
from hnseg.dicom.pet.times import date_time_of, moment_of, time_of_day_before
from hnseg.errors import HeaderError

_LIKE_ALL = ("Units", "SUVType", "DecayCorrection", "PatientWeight")
_LEAST_DOSE_BQ, _MOST_DOSE_BQ = 1e5, 1e11
_MOST_WEIGHT_KG = 700.0
_LONGEST = timedelta(hours=24)


@dataclass(frozen=True)
class SuvScale:
    """Scale of a PET series.

    Attributes:
        factor: Factor from the values of its slices, rescaled, to SUVbw.
        reason: How it was found, as part of a sentence without values.
    """

    factor: float
    reason: str


def suv_scale(paths: Sequence[Path]) -> SuvScale:
    """Return the scale of a PET series.

    Args:
        paths: Files of its slices, at least one.

    Raises:
        HeaderError: The values can't be made SUVbw; the text is the reason, and names the element that lacks.
        OSError: A file can't be read.
    """
    with damage_as_header_error():
        slices = [_header(path) for path in paths]
        first = slices[0]
        for keyword in _LIKE_ALL:
            if len({str(each.get(keyword)) for each in slices}) > 1:
                raise HeaderError(f"its slices have different values of {keyword}")
        _check_corrected(first, "ATTN")
        return _scale(first, slices)


def _header(path: Path) -> Dataset:
    with path.open("rb") as file:
        check_items(file)
        return dcmread(file, stop_before_pixels=True)


def _scale(first: Dataset, slices: Sequence[Dataset]) -> SuvScale:
    units = text_of(first, "Units")
    if units == "GML":
        if text_of(first, "SUVType") not in ("", "BW"):
            raise HeaderError("its SUVType is not BW, so its values are not by body weight")
        return SuvScale(1.0, "stored as SUVbw (GML)")
    if units == "BQML":
        return _from_activity(first, slices, 1.0, "from Bq/ml")
    if units == "CNTS":
        return _from_counts(first, slices)
    if not units:
        raise HeaderError("it has no Units")
    raise HeaderError("its Units are none of BQML, GML and CNTS")


def _from_counts(first: Dataset, slices: Sequence[Dataset]) -> SuvScale:
    """Return the scale of Philips' counts."""
    suv_factor, activity_factor = _philips_factors(first)
    if len({_philips_factors(each) for each in slices}) > 1:
        raise HeaderError("its slices have different values of (7053,1000) or (7053,1009)")
    if suv_factor:
        return SuvScale(suv_factor, "from counts by Philips' (7053,1000)")
    if activity_factor:
        return _from_activity(first, slices, activity_factor, "from counts by Philips' (7053,1009)")
    raise HeaderError("its Units are CNTS, and it has neither of Philips' (7053,1000) and (7053,1009)")


def _philips_factors(elements: Dataset) -> tuple[float, float]:
    return philips_factor(elements, 0x00), philips_factor(elements, 0x09)


def _from_activity(first: Dataset, slices: Sequence[Dataset], to_bq_ml: float, unit: str) -> SuvScale:
    correction = text_of(first, "DecayCorrection")
    if correction not in ("START", "ADMIN"):
        found = {"": "it has no DecayCorrection", "NONE": "its DecayCorrection is NONE"}
        raise HeaderError(found.get(correction, "its DecayCorrection is neither START nor ADMIN"))
    _check_corrected(first, "DECY")
    weight_kg = _positive(first, "PatientWeight", most=_MOST_WEIGHT_KG)
    injected = items_of(first, "RadiopharmaceuticalInformationSequence")
    if len(injected) != 1:
        raise HeaderError(f"its RadiopharmaceuticalInformationSequence has {len(injected)} items, not one")
    dose_bq = _positive(injected[0], "RadionuclideTotalDose", least=_LEAST_DOSE_BQ, most=_MOST_DOSE_BQ)
    if correction == "ADMIN":
        return SuvScale(to_bq_ml * weight_kg * 1000 / dose_bq, f"{unit}, decay corrected to the injection (ADMIN)")
    half_life_s = _positive(injected[0], "RadionuclideHalfLife")
    scan, source = _start_of_scan(first, slices)
    elapsed_s = (scan - _injection(injected[0], scan)).total_seconds()
    left_bq = dose_bq * 2 ** (-elapsed_s / half_life_s)
    return SuvScale(to_bq_ml * weight_kg * 1000 / left_bq, f"{unit}, decay corrected to the scan (START), {source}")


def _start_of_scan(first: Dataset, slices: Sequence[Dataset]) -> tuple[datetime, str]:
    """Return the moment to which START corrects, and how it was found."""
    series = moment_of(first, "Series")
    acquired = [moment for each in slices if (moment := moment_of(each, "Acquisition"))]
    if series is not None and series <= min([series, *acquired]):
        return series, "which began at SeriesTime"
    if series is not None and (scanned := private_scan_time(first)):
        return scanned, "which began at GE's (0009,100D), since SeriesTime is later than AcquisitionTime"
    if acquired:
        why = "SeriesTime is later" if series else "there is no SeriesTime"
        return min(acquired), f"which began at the first AcquisitionTime, since {why}"
    missing = "SeriesTime" if text_of(first, "SeriesDate") else "SeriesDate"
    raise HeaderError(f"it has no {missing} and no AcquisitionDate and AcquisitionTime")


def _injection(item: Dataset, scan: datetime) -> datetime:
    """Return the moment of the injection, within a day before the scan."""
    dated = date_time_of(item, "RadiopharmaceuticalStartDateTime")
    found = dated or time_of_day_before(item, "RadiopharmaceuticalStartTime", scan)
    if found is None:
        raise HeaderError("it has no RadiopharmaceuticalStartDateTime and no RadiopharmaceuticalStartTime")
    if not timedelta(0) <= scan - found < _LONGEST:
        raise HeaderError("its RadiopharmaceuticalStartDateTime is not within the day before the scan")
    return found


def _positive(elements: Dataset, keyword: str, *, least: float = 0.0, most: float = float("inf")) -> float:
    """Return a number of the patient's record that must be over 0 and plausible; a sentence on it has no value."""
    (value,) = numbers_of(elements, keyword, 1)
    if value <= 0:
        raise HeaderError(f"its {keyword} is 0 or less")
    if not least <= value <= most:
        raise HeaderError(f"its {keyword} is beyond what can be meant in DICOM's unit")
    return value


def _check_corrected(elements: Dataset, correction: str) -> None:
    """Refuse a series that was not corrected for attenuation (ATTN) or decay (DECY)."""
    value = elements.get("CorrectedImage") or []
    words = [value] if isinstance(value, str) else [str(word) for word in value]
    if correction not in (word.strip().upper() for word in words):
        title = {"ATTN": "attenuation", "DECY": "decay"}[correction]
        raise HeaderError(f"its CorrectedImage has no {correction}, so it was not corrected for {title}")
