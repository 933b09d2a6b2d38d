import pytest
from hypothesis import given
from hypothesis import strategies as st

from hnseg.errors import InputError
from hnseg_training.dataset.nested_split import OuterPart, split_named
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.splits import Patient

PATIENTS = [Patient(f"{number:02d}", (f"{number:02d}",), (f"{number:02d}pre",)) for number in range(37)]
NAMES = [patient.name for patient in PATIENTS]


def test_five_parts_of_37_patients_test_each_once():
    tested = [OuterPart(part, 5).deal(PATIENTS, seed=42)[1] for part in range(1, 6)]
    assert [len(names) for names in tested] == [8, 8, 7, 7, 7]
    assert sorted(name for names in tested for name in names) == NAMES


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 40), st.integers(0, 2**32))
def test_inner_folds_never_see_the_part_and_validate_each_other_patient_once(parts, folds, more, seed):
    count = 2 * max(parts, folds) + more  # half of them at least are left for the folds
    patients = [Patient(str(number), (str(number),), (f"{number}pre",)) for number in range(count)]
    every = sorted(patient.name for patient in patients)
    tested = []
    for part in range(1, parts + 1):
        inner, kept = OuterPart(part, parts, folds).deal(patients, seed=seed)
        tested += kept
        left = sorted(set(every) - set(kept))
        assert len(inner) == folds
        assert sorted(name for fold in inner for name in fold["val"]) == left
        for fold in inner:
            trained = {name.removesuffix("pre") for name in fold["train"]}
            assert sorted([*trained, *fold["val"]]) == left
            assert len(fold["train"]) == 2 * len(trained)
    assert sorted(tested) == every


def test_the_parts_know_the_seed_and_not_the_order():
    part = OuterPart(2, 5)
    assert part.deal(PATIENTS[::-1], seed=42) == part.deal(PATIENTS, seed=42)
    assert part.deal(PATIENTS, seed=43) != part.deal(PATIENTS, seed=42)


@pytest.mark.parametrize(
    ("count", "outer"), [(4, OuterPart(1, 5, 2)), (4, OuterPart(5, 5, 2)), (7, OuterPart(3, 3)), (0, OuterPart(1, 2))]
)
def test_too_few_patients_are_refused_whichever_the_part(count, outer):
    sentence = (
        rf"a patient for each of {outer.parts} parts, and beside a part one for each of {outer.folds} inner folds,"
        rf" but {count} were found"
    )
    with pytest.raises(InputError, match=sentence):
        outer.deal(PATIENTS[:count], seed=1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6:2:2", Shares(6, 2, 2)),
        ("nested:2/5", OuterPart(2, 5, 5)),
        ("nested:5/5", OuterPart(5, 5, 5)),
        ("nested:2/5:3", OuterPart(2, 5, 3)),
    ],
)
def test_a_text_names_how_patients_are_dealt(text, expected):
    assert split_named(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nested",
        "nested:",
        "nested:2",
        "nested:0/5",
        "nested:6/5",
        "nested:1/1",
        "nested:2/5:1",
        "nested:2/5:0",
        "nested:2/5:",
        "nested:2/5:3:3",
        "nested:-1/5",
        "nested:a/b",
        "nested:1/99999",
        "nested 2/5",
    ],
)
def test_other_texts_are_no_nested_split(text):
    with pytest.raises(InputError, match=r"must be a part of two or more, counted from 1, such as nested:2/5 .* found"):
        split_named(text)


def test_any_other_text_is_told_both_kinds():
    with pytest.raises(InputError, match=r"such as 6:2:2, .* or a part of a nested .*, such as nested:2/5; found 'x'"):
        split_named("x")
