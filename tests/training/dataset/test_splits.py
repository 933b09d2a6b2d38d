import logging
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hnseg.errors import InputError
from hnseg_training.dataset.splits import Patient, dealt_folds, dealt_folds_by_centre, one_fold_a_centre

PATIENTS = [Patient(str(number), (f"{number}",), (f"{number}pre",)) for number in range(1, 13)]


def patients_of(samples: list[str]) -> set[str]:
    return {sample.removesuffix("pre") for sample in samples}


def test_no_patient_is_trained_and_validated_on_in_one_fold():
    for fold in dealt_folds(PATIENTS, seed=42):
        assert not patients_of(fold["train"]) & patients_of(fold["val"])
        assert patients_of(fold["train"]) | patients_of(fold["val"]) == {patient.name for patient in PATIENTS}


def test_every_patient_is_validated_on_once_and_by_the_samples_of_the_challenge_only():
    validated = [sample for fold in dealt_folds(PATIENTS, seed=42) for sample in fold["val"]]
    assert sorted(validated) == sorted(patient.name for patient in PATIENTS)


def test_extra_samples_are_trained_on_in_the_folds_that_train_their_patient():
    for fold in dealt_folds(PATIENTS, seed=42):
        assert len(fold["train"]) == 2 * len(patients_of(fold["train"]))


def test_folds_hold_a_fifth_each_give_or_take_one():
    assert sorted(len(fold["val"]) for fold in dealt_folds(PATIENTS, seed=42)) == [2, 2, 2, 3, 3]


def test_the_order_of_the_patients_makes_no_difference():
    assert dealt_folds(PATIENTS[::-1], seed=42) == dealt_folds(PATIENTS, seed=42)


def test_another_seed_deals_other_folds():
    assert dealt_folds(PATIENTS, seed=43) != dealt_folds(PATIENTS, seed=42)


def test_samples_are_sorted():
    for fold in dealt_folds(PATIENTS, seed=42):
        assert fold["train"] == sorted(fold["train"])
        assert fold["val"] == sorted(fold["val"])


@pytest.mark.parametrize("deal", [dealt_folds, dealt_folds_by_centre])
@pytest.mark.parametrize("count", [2, 3, 4])
def test_fewer_than_five_patients_are_as_many_folds(deal, count, caplog):
    caplog.set_level(logging.INFO)
    folds = deal(PATIENTS[:count], seed=42)
    assert len(folds) == count
    assert sorted(sample for fold in folds for sample in fold["val"]) == sorted(
        sample for patient in PATIENTS[:count] for sample in patient.samples
    )
    assert caplog.messages == [f"{count} patients give {count} folds, not 5"]


@pytest.mark.parametrize("deal", [dealt_folds, dealt_folds_by_centre])
def test_one_patient_is_refused(deal):
    with pytest.raises(InputError, match=r"Folds need at least two patients, .* but 1 was found"):
        deal(PATIENTS[:1], seed=42)


@st.composite
def of_centres(draw) -> list[Patient]:
    """Draw five patients or more of one to six centres, some of which have one or two, in any order."""
    sizes = draw(st.lists(st.integers(1, 23), min_size=1, max_size=6).filter(lambda sizes: sum(sizes) >= 5))
    patients = [
        Patient(f"{centre}-{number:03d}", (f"{centre}-{number:03d}",), centre=centre)
        for centre, size in zip("ABCDEF", sizes, strict=False)
        for number in range(size)
    ]
    return draw(st.permutations(patients))


def centres_of(samples: list[str]) -> Counter[str]:
    return Counter(sample[0] for sample in samples)


@settings(max_examples=50, deadline=None)
@given(patients=of_centres(), seed=st.integers(0, 99))
def test_each_fold_validates_on_a_fifth_of_each_centre_to_within_one_patient(patients, seed):
    folds = dealt_folds_by_centre(patients, seed=seed)
    everyone = sorted(patient.name for patient in patients)
    assert sorted(sample for fold in folds for sample in fold["val"]) == everyone
    for fold in folds:
        assert sorted(fold["train"] + fold["val"]) == everyone
        assert abs(len(fold["val"]) - len(patients) / 5) < 1
        for centre, count in centres_of(everyone).items():
            assert abs(centres_of(fold["val"])[centre] - count / 5) < 1


@settings(max_examples=25, deadline=None)
@given(patients=of_centres(), shuffled=st.randoms(use_true_random=False))
def test_folds_by_centre_know_the_seed_and_not_the_order(patients, shuffled):
    again = list(patients)
    shuffled.shuffle(again)
    assert dealt_folds_by_centre(again, seed=1) == dealt_folds_by_centre(patients, seed=1)


def test_another_seed_deals_a_centre_otherwise():
    patients = [Patient(f"A-{number:03d}", (f"A-{number:03d}",), centre="A") for number in range(20)]
    assert dealt_folds_by_centre(patients, seed=2) != dealt_folds_by_centre(patients, seed=1)


@settings(max_examples=25, deadline=None)
@given(patients=of_centres().filter(lambda patients: len({patient.centre for patient in patients}) > 1))
def test_each_centre_is_left_out_once_and_whole(patients):
    folds = one_fold_a_centre(patients)
    counts = centres_of([patient.name for patient in patients])
    assert [dict(centres_of(fold["val"])) for fold in folds] == [{centre: counts[centre]} for centre in sorted(counts)]
    for fold in folds:
        assert not centres_of(fold["train"]).keys() & centres_of(fold["val"]).keys()
        assert len(fold["train"]) + len(fold["val"]) == len(patients)


def test_one_centre_cant_be_left_out():
    patients = [Patient("CHUM-001", ("CHUM-001",), centre="CHUM"), Patient("CHUM-002", ("CHUM-002",), centre="CHUM")]
    with pytest.raises(InputError, match="must be two at least, but all 2 patients are of CHUM"):
        one_fold_a_centre(patients)
