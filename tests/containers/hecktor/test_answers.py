"""Answers beside the label map: valid, in order, and with the origin of each in the record."""

import re

import numpy as np
import pytest

from containers.hecktor.features import IMAGE_FEATURES
from containers.hecktor.method import Settings, answer
from containers.hecktor.spec import EHR, N_STAGE, RFS, SPEC, T_STAGE
from hnseg.clinical import N_STAGES, T_STAGES
from hnseg.imaging.geometry import image_of
from hnseg.platform.answers import check_answers
from tests.support.small_hecktor import CT_GRID, OUTCOMES, case_of, small_pet

ANSWERING = Settings(outcomes=OUTCOMES)
RECORD = {"Age": 63, "Gender": 1, "Tobacco Consumption": 0, "Alcohol Consumption": 1, "Performance Status": 0,
          "Treatment": 1, "HPV Status": 0}  # fmt: skip


def label_map_of(gtvp_voxels, gtvn_voxels):
    """Return a label map on the CT with rods of so many voxels of 0.15 ml."""
    array = np.zeros(CT_GRID.shape_zyx, np.uint8)
    array[28, 20, 10 : 10 + gtvp_voxels] = 1
    array[20, 22, 10 : 10 + gtvn_voxels] = 2
    return image_of(array, CT_GRID)


def test_answers_are_valid_and_the_record_has_their_origin():
    found = answer(label_map_of(9, 6), case_of(pet=small_pet(), record=RECORD), ANSWERING)
    check_answers(SPEC, found)
    assert found.notes == ()
    origin = found.record["outcomes"]
    assert origin["features"]["gtvp_ml"] == pytest.approx(9 * 0.15)
    assert list(origin["features"]) == list(IMAGE_FEATURES)  # and nothing of the health record
    assert origin["fitted_on"] == "nobody: made up for tests"
    assert sum(origin["t_stage_probabilities"].values()) == pytest.approx(1, abs=2e-4)
    assert found.values[T_STAGE] == max(origin["t_stage_probabilities"], key=origin["t_stage_probabilities"].get)
    assert found.values[RFS] == origin["rfs_days"]


def test_larger_tumours_never_get_a_lower_stage():
    case = case_of(pet=small_pet(), record=RECORD)
    answers = [answer(label_map_of(n, n), case, ANSWERING).values for n in (0, 2, 10, 38)]
    t, n = ([T_STAGES.index(a[T_STAGE]) for a in answers], [N_STAGES.index(a[N_STAGE]) for a in answers])
    assert t == sorted(t)
    assert n == sorted(n)
    assert (n[0], t[0]) == (0, 0)


def test_the_sign_of_rfs_is_a_switch():
    case = case_of(pet=small_pet(), record=RECORD)
    small, large = (label_map_of(n, n) for n in (2, 30))

    def rfs(label_map, rfs_means):
        return answer(label_map, case, Settings(outcomes=OUTCOMES, rfs_means=rfs_means)).values[RFS]

    assert rfs(small, "survival") > rfs(large, "survival") > 0
    assert rfs(small, "risk") < rfs(large, "risk")
    origin = answer(large, case, ANSWERING).record["outcomes"]
    assert origin["rfs_days"] == pytest.approx(3000 * np.exp(-origin["rfs_risk"]))


def test_without_a_pet_the_training_mean_stands_in_for_the_uptake():
    found = answer(label_map_of(9, 6), case_of(record=RECORD), ANSWERING)
    assert found.notes == ("For stage and survival the training mean stands in for tlg.",)
    assert found.record["outcomes"]["features"]["tlg"] is None
    check_answers(SPEC, found)


def test_gaps_of_the_record_are_noted_once():
    record = {name: content for name, content in RECORD.items() if name != "Age"}
    notes = answer(label_map_of(9, 6), case_of(pet=small_pet(), record=record), ANSWERING).notes
    assert notes == ("The electronic health record's Age is missing, so it counts as unknown.",)


def test_a_missing_record_is_noted_once_and_so_is_an_unreadable_one():
    label_map = label_map_of(9, 6)
    (note,) = answer(label_map, case_of(pet=small_pet()), ANSWERING).notes
    assert note == "Nothing is known of the patient beside the images: there is no electronic health record."
    unreadable = case_of(pet=small_pet(), left_out={EHR: "The electronic health record must be JSON."})
    (note,) = answer(label_map, unreadable, ANSWERING).notes
    assert note == "Nothing is known of the patient beside the images: The electronic health record must be JSON."


def test_an_answer_never_rests_on_a_pet_in_other_units():
    case = case_of(pet=small_pet() * 3400, record=RECORD)
    found = answer(label_map_of(9, 6), case, Settings(pet_channel=False, outcomes=OUTCOMES))
    assert found.values == answer(label_map_of(9, 6), case_of(record=RECORD), ANSWERING).values
    assert re.match(
        r"The PET is not used for stage and survival: The PET must be in SUV, .* Is it in Bq/ml", found.notes[0]
    )
    # Where the network has a PET channel, its notes say so already.
    assert answer(label_map_of(9, 6), case, ANSWERING).notes == found.notes[1:]
