import pytest
from hypothesis import given
from hypothesis import strategies as st

from hnseg.errors import InputError
from hnseg_training.dataset.single_split import Shares
from hnseg_training.dataset.splits import Patient

PATIENTS = [Patient(f"{number:02d}", (f"{number:02d}",), (f"{number:02d}pre",)) for number in range(37)]
PUBLISHED = Shares(6, 2, 2)


def test_37_patients_are_split_as_published():
    (fold,), test = PUBLISHED.deal(PATIENTS, seed=42)
    # Kutnar et al. (2023): 23, 7 and 7
    assert (len(fold["train"]), len(fold["val"]), len(test)) == (2 * 23, 7, 7)


@given(st.integers(5, 60), st.integers(0, 2**32))
def test_each_patient_has_one_place(count, seed):
    patients = [Patient(str(number), (str(number),)) for number in range(count)]
    (fold,), test = PUBLISHED.deal(patients, seed=seed)
    assert sorted([*fold["train"], *fold["val"], *test]) == sorted(patient.name for patient in patients)
    assert all(part == sorted(part) for part in (fold["train"], fold["val"], test))


def test_the_split_knows_the_seed_and_not_the_order():
    assert PUBLISHED.deal(PATIENTS[::-1], seed=42) == PUBLISHED.deal(PATIENTS, seed=42)
    assert PUBLISHED.deal(PATIENTS, seed=43) != PUBLISHED.deal(PATIENTS, seed=42)


def test_a_share_of_0_keeps_no_test():
    (fold,), test = Shares(8, 2, 0).deal(PATIENTS, seed=1)
    assert (len(fold["train"]), len(fold["val"]), test) == (2 * 30, 7, [])


def test_too_few_patients_are_refused():
    with pytest.raises(InputError, match="A split of 6:2:2 needs a patient for each share, but 2 were found"):
        PUBLISHED.deal(PATIENTS[:2], seed=1)


@pytest.mark.parametrize(
    "text", ["", "6:2", "6:2:2:1", "0:2:2", "6:0:2", "-6:2:2", "6:2:x", "0.6:0.2:0.2", "6:2:99999"]
)
def test_other_texts_are_no_shares(text):
    with pytest.raises(InputError, match="A split must be three whole numbers"):
        Shares.named(text)
