"""Health records hold true values, with missing fields as often as stated."""

from __future__ import annotations

import json

import numpy as np
import pytest

from hnseg.phantom.challenges.hecktor.ehr import MISSING_FRACTIONS, Person, as_broken_json

PERSON = Person(
    age_years=61,
    is_male=True,
    smokes=True,
    drinks=False,
    performance_status=2,
    chemotherapy=False,
    hpv_positive=True,
    metastases=False,
)
WHOLE = {
    "CenterID": 4,
    "Age": 61,
    "Gender": 1,
    "Tobacco Consumption": 1,
    "Alcohol Consumption": 0,
    "Performance Status": 2,
    "Treatment": 0,
    "HPV Status": 1,
    "M-stage": "M0",
}


def test_record_has_true_values_or_none():
    for seed in range(20):
        record = PERSON.record(np.random.default_rng(seed), 4)
        assert record == {name: WHOLE[name] for name in record}


def test_each_field_is_missing_as_often_as_stated():
    rng = np.random.default_rng(0)
    records = [PERSON.record(rng, 4) for _ in range(2000)]
    for name, gap in MISSING_FRACTIONS.items():
        assert np.mean([name not in record for record in records]) == pytest.approx(gap, abs=0.04)
    assert MISSING_FRACTIONS["HPV Status"] == 0.4
    assert all(
        0.1 <= MISSING_FRACTIONS[name] <= 0.25 for name in MISSING_FRACTIONS if name not in {"HPV Status", "CenterID"}
    )


def test_people_differ_and_stay_within_reason():
    rng = np.random.default_rng(1)
    people = [Person.draw(rng) for _ in range(500)]
    ages = [person.age_years for person in people]
    assert 25 <= min(ages) < max(ages) <= 90
    assert np.mean([person.is_male for person in people]) == pytest.approx(0.82, abs=0.06)
    smokers = [np.mean([p.smokes for p in people if p.hpv_positive is hpv]) for hpv in (True, False)]
    assert smokers[0] < smokers[1]


def test_broken_record_is_refused_until_its_comma_is_gone():
    text = as_broken_json(WHOLE)
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    mended = json.loads(text.replace(",\n}", "\n}"))
    assert np.isnan(mended.pop("HPV Status"))
    gone = {"HPV Status", "Alcohol Consumption", "Performance Status"}
    assert mended == {name: value for name, value in WHOLE.items() if name not in gone}
