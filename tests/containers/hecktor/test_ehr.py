from math import inf, nan

import pytest

from containers.hecktor.ehr import Ehr, read_ehr

WHOLE = {
    "CenterID": 3,
    "Age": 63,
    "Gender": 1,
    "Tobacco Consumption": 0,
    "Alcohol Consumption": 1,
    "Performance Status": 1,
    "Treatment": 1,
    "HPV Status": 0,
}
KNOWN = Ehr(
    age_years=63,
    is_male=True,
    smokes=False,
    drinks=True,
    performance_status=1,
    treatment="CRT",
    hpv_positive=False,
    centre="3",
)


def read_alone(field, content):
    """Return the content of a record with one field, and the notes on that field alone."""
    ehr, notes = read_ehr({field: content})
    return ehr, tuple(note for note in notes if f"record's {field} " in note)


def test_the_record_of_2026_is_read_without_a_word():
    assert read_ehr(WHOLE) == (KNOWN, ())


def test_the_table_of_2022_says_the_same():
    row = {
        "PatientID": "CHUM-001", "Gender": "M", "Age": 63.0, "Weight": 70.0, "Tobacco": 0.0, "Alcohol": 1.0,
        "Performance status": 1.0, "HPV status (0=-, 1=+)": 0.0, "Surgery": 0.0, "Chemotherapy": 1.0, "CenterID": 3.0,
    }  # fmt: skip
    ehr, notes = read_ehr(row)
    assert notes == ()
    assert ehr == Ehr(**{**vars(KNOWN), "had_surgery": False})


@pytest.mark.parametrize(
    ("field", "contents", "attribute", "expected"),
    [
        ("Age", [63, 63.0, "63", "63.0", " 63 years", "063Y", "63 yrs old"], "age_years", 63),
        ("Gender", [1, 1.0, "1", "M", "male", "Male ", True], "is_male", True),
        ("Gender", [0, "0.0", "F", "female", False], "is_male", False),
        ("Tobacco Consumption", [1, "yes", "Y", "true", "current", "Former"], "smokes", True),
        ("Tobacco Consumption", [0, "no", "never", "0.0"], "smokes", False),
        ("Alcohol Consumption", [1, "1", "yes"], "drinks", True),
        ("Performance Status", [2, 2.0, "2", "ECOG 2", "PS2"], "performance_status", 2),
        ("Treatment", [1, "CRT", "chemo-radiotherapy", "Chemoradiation"], "treatment", "CRT"),
        ("Treatment", [0, "RT", "radiotherapy", "RT alone"], "treatment", "RT"),
        ("HPV Status", [1, "1.0", "+", "p16+", "positive", "HPV positive"], "hpv_positive", True),
        ("HPV Status", [0, "HPV-", "Negative", "neg"], "hpv_positive", False),
        ("M-stage", ["M0", "m0", "cM0", 0, "0"], "m_stage", "M0"),
        ("M-stage", ["M1", "M1a", 1], "m_stage", "M1"),
        ("Surgery", [1, "yes"], "had_surgery", True),
        ("CenterID", ["MDA", " MDA "], "centre", "MDA"),
    ],
    ids=str,
)
def test_every_spelling_of_a_content(field, contents, attribute, expected):
    for content in contents:
        ehr, notes = read_alone(field, content)
        assert (getattr(ehr, attribute), notes) == (expected, ()), content


@pytest.mark.parametrize("name", ["Age", "age", " AGE ", "Age (years)", "patient_age"])
def test_every_spelling_of_a_name(name):
    assert read_ehr({name: 63})[0].age_years == 63


@pytest.mark.parametrize(
    "content", [None, "", "  ", nan, "NaN", "nan", inf, "N/A", "unknown", "Not available", "none", "-", "?"]
)
def test_an_unknown_content_is_noted_as_empty(content):
    for field in ("Age", "Gender", "Tobacco Consumption", "Performance Status", "Treatment", "HPV Status"):
        ehr, notes = read_alone(field, content)
        assert ehr == Ehr()
        assert notes == (f"The electronic health record's {field} is empty, so it counts as unknown.",)


@pytest.mark.parametrize(
    ("field", "contents", "must"),
    [
        ("Age", [-1, 0, 630, "old", "sixty", [63], {"years": 63}, "6 3"], "a number of years"),
        ("Gender", [2, "x", 0.5], "0 (female) or 1 (male)"),
        ("Tobacco Consumption", [2, "sometimes"], "0 or 1"),
        ("Performance Status", [-1, 5, 90, 1.5, "good"], "0 to 4"),
        ("Treatment", [2, "surgery"], "0 (RT) or 1 (CRT)"),
        ("HPV Status", [3, "p53", 0.5], "0 or 1"),
        ("M-stage", ["MX", "2"], "M0 or M1"),
    ],
    ids=str,
)
def test_a_content_that_is_not_understood_is_noted_without_quoting_it(field, contents, must):
    for content in contents:
        ehr, notes = read_alone(field, content)
        assert ehr == Ehr(), content
        assert notes == (
            f"The electronic health record's {field} must be {must}, but is something else, so it counts as unknown.",
        )


def test_each_gap_is_noted_once_field_by_field():
    ehr, notes = read_ehr({"Age": 63, "Gender": "x", "HPV Status": nan})
    assert ehr == Ehr(age_years=63)
    assert [note.removeprefix("The electronic health record's ").partition(",")[0] for note in notes] == [
        "Gender must be 0 (female) or 1 (male)",
        "Tobacco Consumption is missing",
        "Alcohol Consumption is missing",
        "Performance Status is missing",
        "Treatment is missing",
        "HPV Status is empty",
    ]


def test_fields_that_only_some_editions_have_are_not_missed():
    assert read_ehr({name: content for name, content in WHOLE.items() if name != "CenterID"})[1] == ()


@pytest.mark.parametrize("value", [None, 3, "a text", [], [WHOLE, WHOLE], [3]], ids=str)
def test_another_value_than_a_record_leaves_everything_unknown(value):
    ehr, (note,) = read_ehr(value)
    assert ehr == Ehr()
    assert note.startswith("The electronic health record must be a JSON object with a patient's fields, but is none")


def test_a_list_of_one_record_is_that_record():
    assert read_ehr([WHOLE]) == (KNOWN, ())


def test_the_filled_one_of_two_spellings_is_taken():
    assert read_ehr({**WHOLE, "Age": None, "age_years": 63})[0].age_years == 63
