import pytest

from hnseg.errors import InputError
from hnseg_training.splits import Patient, five_folds

PATIENTS = [Patient(str(number), (f"{number}",), (f"{number}pre",)) for number in range(1, 13)]


def patients_of(samples: list[str]) -> set[str]:
    return {sample.removesuffix("pre") for sample in samples}


def test_no_patient_is_trained_and_validated_on_in_one_fold():
    for fold in five_folds(PATIENTS, seed=42):
        assert not patients_of(fold["train"]) & patients_of(fold["val"])
        assert patients_of(fold["train"]) | patients_of(fold["val"]) == {patient.name for patient in PATIENTS}


def test_every_patient_is_validated_on_once_and_by_the_samples_of_the_challenge_only():
    validated = [sample for fold in five_folds(PATIENTS, seed=42) for sample in fold["val"]]
    assert sorted(validated) == sorted(patient.name for patient in PATIENTS)


def test_extra_samples_are_trained_on_in_the_folds_that_train_their_patient():
    for fold in five_folds(PATIENTS, seed=42):
        assert len(fold["train"]) == 2 * len(patients_of(fold["train"]))


def test_folds_hold_a_fifth_each_give_or_take_one():
    assert sorted(len(fold["val"]) for fold in five_folds(PATIENTS, seed=42)) == [2, 2, 2, 3, 3]


def test_the_order_of_the_patients_makes_no_difference():
    assert five_folds(PATIENTS[::-1], seed=42) == five_folds(PATIENTS, seed=42)


def test_another_seed_deals_other_folds():
    assert five_folds(PATIENTS, seed=43) != five_folds(PATIENTS, seed=42)


def test_samples_are_sorted():
    for fold in five_folds(PATIENTS, seed=42):
        assert fold["train"] == sorted(fold["train"])
        assert fold["val"] == sorted(fold["val"])


def test_four_patients_are_refused():
    with pytest.raises(InputError, match="at least five patients, but 4 were found"):
        five_folds(PATIENTS[:4], seed=42)
