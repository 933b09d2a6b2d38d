"""Health record of a patient, in which fields may be missing.

The record's codes: gender 0 female, 1 male; tobacco, alcohol and HPV 0 no, 1 yes; treatment 0 radiotherapy alone, 1
with chemotherapy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

MISSING_FRACTIONS: dict[str, float] = {
    "CenterID": 0.0,
    "Age": 0.1,
    "Gender": 0.1,
    "Tobacco Consumption": 0.25,
    "Alcohol Consumption": 0.25,
    "Performance Status": 0.22,
    "Treatment": 0.1,
    "HPV Status": 0.4,
    "M-stage": 0.15,
}
"""Fractions of patients without a field of the record, by its name there."""

_LEFT_OUT = ("Alcohol Consumption", "Performance Status", "HPV Status")
Record = dict[str, int | float | str]
"""Values of a health record by the name of the field."""


@dataclass(frozen=True)
class Person:
    """Facts about a patient, recorded or not.

    Attributes:
        age_years: Age in years.
        is_male: Whether the patient is male.
        smokes: Whether the patient smokes.
        drinks: Whether the patient drinks alcohol.
        performance_status: ECOG performance status, 0 to 3.
        chemotherapy: Whether radiotherapy is given with chemotherapy.
        hpv_positive: Whether the tumour is HPV-positive.
        metastases: Whether there are distant metastases.
    """

    age_years: int
    is_male: bool
    smokes: bool
    drinks: bool
    performance_status: int
    chemotherapy: bool
    hpv_positive: bool
    metastases: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Person:
        """Draw a patient with cancer of the throat: mostly men around sixty."""
        hpv = bool(rng.random() < 0.65)
        return cls(
            age_years=int(np.clip(np.rint(rng.normal(60, 9)), 25, 90)),
            is_male=bool(rng.random() < 0.82),
            smokes=bool(rng.random() < (0.35 if hpv else 0.75)),
            drinks=bool(rng.random() < (0.3 if hpv else 0.6)),
            performance_status=int(rng.choice(4, p=(0.5, 0.36, 0.11, 0.03))),
            chemotherapy=bool(rng.random() < 0.85),
            hpv_positive=hpv,
            metastases=bool(rng.random() < 0.02),
        )

    def record(self, rng: np.random.Generator, centre: int) -> Record:
        """Draw the health record of the patient.

        Args:
            rng: Source of the missing fields.
            centre: Number of the hospital.

        Returns:
            Values of the fields that are not missing, by their names in the record.
        """
        whole: Record = {
            "CenterID": centre,
            "Age": self.age_years,
            "Gender": int(self.is_male),
            "Tobacco Consumption": int(self.smokes),
            "Alcohol Consumption": int(self.drinks),
            "Performance Status": self.performance_status,
            "Treatment": int(self.chemotherapy),
            "HPV Status": int(self.hpv_positive),
            "M-stage": "M1" if self.metastases else "M0",
        }
        return {name: value for name, value in whole.items() if rng.random() >= MISSING_FRACTIONS[name]}


def as_broken_json(record: Mapping[str, Any]) -> str:
    """Return a record with missing fields as invalid JSON.

    The HPV status is NaN, alcohol and performance status are missing, and a comma follows the last field, as in the
    official sample of 2026. A strict reader refuses both the NaN and the comma.
    """
    kept = {name: value for name, value in record.items() if name not in _LEFT_OUT}
    fields = [f'    "{name}": {json.dumps(value)},' for name, value in kept.items()]
    return "\n".join(["{", *fields, '    "HPV Status": NaN,', "}", ""])
