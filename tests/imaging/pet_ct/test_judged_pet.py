import re
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import array_of
from hnseg.imaging.pet_ct.judged_pet import judge_pet
from tests.support.small_hecktor import small_ct, small_pet


@pytest.fixture(scope="module")
def coarse():
    return coarse_ct_of(small_ct())


def moved(pet, by_mm):
    x, y, z = pet.GetOrigin()
    pet.SetOrigin((x, y, z + by_mm))
    return pet


def test_a_pet_in_suv_is_used_as_it_is(coarse):
    pet = small_pet()
    judged = judge_pet(pet, coarse)
    assert judged.pet is pet
    assert (judged.left_out, judged.is_bad, judged.notes) == ("", False, ())
    assert judged.record["pet_overlap"]["share_of_body"] > 0.999
    assert 0.5 < judged.record["pet_values"]["background_suv"] < 0.8
    assert judged.record["pet_values"]["doubt"] is None


def test_no_pet_is_left_out_with_the_reason_given(coarse):
    assert judge_pet(None, coarse, absence="it was lost.").left_out == "it was lost."
    assert judge_pet(None, coarse).record == {}


@pytest.mark.parametrize(
    ("change", "unit", "sentence"),
    [
        (
            lambda pet: pet * 3400,
            "activity",
            r"a background of 2\S+ and a maximum of \S+ Is it in Bq/ml, .* Convert it",
        ),
        (lambda pet: pet / 14, "scaled", r"no value above 0\.\d+\. Was it normalised .* Give the PET in SUV"),
        (sitk.Normalize, "signed", r"values from -0\.\d+ to \d.* Was it normalised by its mean .* Give the PET in SUV"),
        (lambda pet: pet * 0.0 + 3.0, "empty", r"nothing but 3 inside the body\. Was it blanked"),
        (lambda pet: pet * 0.0, "empty", r"less than 1 ml above 0 inside the body\. Was it blanked"),
    ],
    ids=["Bq/ml", "0 to 1", "z-scores", "constant", "zero"],
)
@pytest.mark.parametrize("value", [None, 2500.0, -1e6], ids=["", "hot voxel", "cold voxel"])
def test_every_bad_pet_is_left_out_with_its_own_reason(coarse, change, unit, sentence, value):
    pet = change(small_pet())
    if value is not None:
        pet[23, 20, 30] = value
    if unit == "scaled" and value == 2500:
        sentence = sentence.replace(r"\.\d+\. Was", r"\.\d+ but in single voxels\. Was")
    judged = judge_pet(pet, coarse, path=Path("pet.mha"))
    assert judged.pet is None
    assert judged.is_bad
    assert judged.record["pet_values"]["doubt"] == unit
    assert re.match(rf"The PET must be in SUV, .*but pet\.mha has {sentence}", judged.left_out)


def test_a_ct_is_named_as_such(coarse):
    judged = judge_pet(small_ct(seed=1), coarse)
    assert re.search(r"it looks like a CT, since \d\d% of its values are those of air", judged.left_out)


def test_bq_per_ml_padded_with_the_air_of_a_ct_is_no_ct(coarse):
    padded = sitk.ConstantPad(small_pet() * 3400, [20] * 3, [20] * 3, -1000.0)
    assert "Is it in Bq/ml" in judge_pet(padded, coarse).left_out


def test_a_pet_of_another_place_is_not_bad_but_left_out(coarse):
    judged = judge_pet(moved(small_pet(), 345), coarse)
    assert judged.pet is None
    assert not judged.is_bad
    assert re.match(r"the PET covers \d\.\d% of the body on the CT, 0\.\d\d l, and at least", judged.left_out)


def test_several_artefacts_are_mended_and_counted(coarse):
    pet = small_pet()
    pet[23, 20, 30], pet[30, 20, 40] = 9000, -400
    judged = judge_pet(pet, coarse)
    assert array_of(judged.pet).max() < 20
    assert np.count_nonzero(array_of(judged.pet) != array_of(small_pet())) == 2
    assert judged.notes == (
        "2 voxels of the PET, below -20 or above 2000 SUV, can't be uptake and have the median of the neighbours.",
    )
