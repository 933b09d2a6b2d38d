from pathlib import Path

from containers.hecktor.spec import CT, EHR, PET, SPEC
from hnseg.cohort.finding.slots import case_of, slots_of

SLOTS = slots_of(SPEC)


def test_a_challenges_slots_are_its_images_then_its_values():
    assert [(slot.key, slot.required, slot.is_value) for slot in SLOTS] == [
        (CT, True, False),
        (PET, False, False),
        (EHR, False, True),
    ]


def test_a_case_has_the_one_file_of_each_slot():
    case = case_of("a", SLOTS, {CT: [Path("ct.mha")], EHR: [Path("ehr.json")]})
    assert (case.inputs.images, case.inputs.values) == ({CT: Path("ct.mha")}, {EHR: Path("ehr.json")})
    assert case.problem == ""


def test_of_several_files_none_is_taken():
    case = case_of("a", SLOTS, {CT: [Path("ct.mha")], PET: [Path("x/run-1.mha"), Path("x/run-2.mha")]})
    assert case.inputs.images == {CT: Path("ct.mha")}
    assert "one PET, but a has 2: run-1.mha, run-2.mha" in case.problem


def test_a_required_image_that_is_missing_is_a_problem():
    assert "must have the CT, but a has none" in case_of("a", SLOTS, {PET: [Path("pet.mha")]}).problem
