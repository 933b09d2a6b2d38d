import re

import pytest

from containers.hecktor.spec import SPEC as HECKTOR
from containers.hnts_mrg.spec import SPEC as HNTS_MRG
from containers.recurrence.spec import SPEC as RECURRENCE
from hnseg.dicom.inputs.choice import choose_series
from hnseg.dicom.pet.suv import SuvScale
from hnseg.dicom.series.series import Series
from hnseg.dicom.survey.entry import Damage, Survey, SurveyedSeries
from hnseg.errors import InputError
from tests.support.dicom_series import AXIAL


def entry(number, modality, *, frame=1, patient=1, usable=True, **values):
    """Return a series of a survey: its number, modality and frame of reference; of a PET, one in SUV."""
    suv = SuvScale(1.0, "stored as SUVbw (GML)") if modality == "PT" and usable else None
    return SurveyedSeries(
        number=number,
        uid=f"1.2.{number}",
        modality=modality,
        series_number=str(number * 10),
        images=9,
        patient=patient,
        study=1,
        frame_of_reference=frame,
        series=Series("1.2", f"1.2.{number}", f"1.3.{frame}", modality, AXIAL, ()),
        suv=suv,
        **values,
    )


def choose(tmp_path, *entries, spec=HECKTOR, damage=(), **asked):
    survey = Survey(tmp_path, entries, (), tuple(damage), 0)
    slugs = {"ct": "ct-image", "pet": "pet-image"}
    chosen = choose_series(spec, survey, {slugs.get(key, key): number for key, number in asked.items()})
    return {slug: each.number for slug, each in chosen.items()}


def refusal(tmp_path, *entries, **values):
    with pytest.raises(InputError) as told:
        choose(tmp_path, *entries, **values)
    return str(told.value)


def test_the_only_ct_and_pet_of_one_frame_are_taken(tmp_path):
    found = choose(
        tmp_path, entry(1, "CT"), entry(2, "PT"), entry(3, "MR", frame=2), entry(4, "CT", left_out="a localiser")
    )
    assert found == {"ct-image": 1, "pet-image": 2}


def test_of_several_cts_the_one_with_the_frame_of_the_pet_is_taken(tmp_path):
    assert choose(tmp_path, entry(1, "CT", frame=2), entry(2, "CT"), entry(3, "PT")) == {"ct-image": 2, "pet-image": 3}


def test_where_several_fit_the_question_ends_with_the_options(tmp_path):
    told = refusal(tmp_path, entry(1, "CT"), entry(2, "CT"), entry(3, "PT"))
    assert "the CT may be 1 (series number 10, axial, 40 x 36 x 9 voxels of 1.5 x 1.5 x 3 mm), 2 (series" in told
    assert told.endswith("Give one of --series ct=1,pet=3 or --series ct=2,pet=3")


def test_the_option_of_a_question_answers_it(tmp_path):
    entries = (entry(1, "CT"), entry(2, "CT"), entry(3, "PT"), entry(4, "PT"))
    option = re.findall(r"--series (\S+)", refusal(tmp_path, *entries))[-1]
    asked = {key: int(number) for key, number in (pair.split("=") for pair in option.split(","))}
    assert choose(tmp_path, *entries, **asked) == {"ct-image": 2, "pet-image": 4}


def test_a_pet_without_suv_is_refused_unless_it_is_left_out(tmp_path):
    entries = (entry(1, "CT"), entry(2, "PT", usable=False, no_suv="it has no PatientWeight"))
    told = refusal(tmp_path, *entries)
    assert "series 2 of" in told
    assert told.endswith("no SUV: it has no PatientWeight. To go without it: --series pet=none")
    assert choose(tmp_path, *entries, pet=0) == {"ct-image": 1}
    assert "To go without" not in refusal(tmp_path, *entries, spec=RECURRENCE)


def test_a_broken_series_is_not_passed_over_for_a_whole_one(tmp_path):
    entries = (entry(1, "CT", problem="The series must be whole, but 1 is missing."), entry(2, "CT"), entry(3, "PT"))
    assert refusal(tmp_path, *entries).endswith("but 1 is missing. If another one is meant: --series ct=2")
    assert choose(tmp_path, *entries, ct=2) == {"ct-image": 2, "pet-image": 3}


def test_an_uncorrected_pet_is_passed_over_for_a_corrected_one(tmp_path):
    entries = (entry(1, "CT"), entry(2, "PT", usable=False, no_suv="its CorrectedImage has no ATTN"), entry(3, "PT"))
    assert choose(tmp_path, *entries) == {"ct-image": 1, "pet-image": 3}


def test_a_pet_of_another_frame_is_refused_unless_it_is_left_out(tmp_path):
    entries = (entry(1, "CT"), entry(2, "PT", frame=2))
    told = refusal(tmp_path, *entries)
    assert "CT and PET must have one frame of reference, but those of" in told
    assert told.endswith("--series ct=1,pet=none")
    assert choose(tmp_path, *entries, ct=1, pet=0) == {"ct-image": 1}


def test_without_a_pet_an_optional_one_stays_empty_and_a_required_one_is_missed(tmp_path):
    assert choose(tmp_path, entry(1, "CT")) == {"ct-image": 1}
    assert "none there is a volume of PET" in refusal(tmp_path, entry(1, "CT"), spec=RECURRENCE)


def test_of_one_mr_the_required_image_is_made_and_of_two_it_is_asked(tmp_path):
    assert choose(tmp_path, entry(1, "MR"), spec=HNTS_MRG) == {"mid-rt-t2w-head-neck": 1}
    told = refusal(tmp_path, entry(1, "MR"), entry(2, "MR"), spec=HNTS_MRG)
    assert "--series mid-rt-t2w-head-neck=1,registered-pre-rt-head-neck=2" in told
    asked = {"mid-rt-t2w-head-neck": 2, "pre-rt-t2w-head-neck": 1}
    assert choose(tmp_path, entry(1, "MR"), entry(2, "MR"), spec=HNTS_MRG, **asked) == asked


@pytest.mark.parametrize(
    ("entries", "asked", "sentence"),
    [
        ([entry(1, "CT")], {"ct": 7}, "which are 1 to 1, found 7"),
        ([entry(1, "MR")], {"ct": 1}, "must be a CT series, but 1 of .* has the modality MR"),
        ([entry(1, "CT", problem="The series must be whole, but 1 is missing.")], {"ct": 1}, "but 1 is missing"),
        ([entry(1, "CT", problem="The series must be whole, but 1 is missing.")], {}, "but 1 is missing"),
        ([entry(1, "CT"), entry(2, "PT", patient=2)], {}, "1 and 2 of .* have different PatientIDs"),
        ([entry(1, "CT", frame=0), entry(2, "PT", frame=0)], {}, "must have one frame of reference"),
    ],
)
def test_what_can_not_be_is_a_sentence(tmp_path, entries, asked, sentence):
    assert re.search(sentence, refusal(tmp_path, *entries, **asked))


def test_files_of_an_unknown_series_that_are_damaged_stop_the_choice(tmp_path):
    told = refusal(tmp_path, entry(1, "CT"), damage=[Damage("", 2, "it is cut off or damaged (EOFError)")])
    assert (
        "but 2 of a series that is unknown or wholly damaged can't be used: it is cut off or damaged (EOFError)" in told
    )


def test_a_series_that_is_wholly_damaged_is_not_passed_over(tmp_path):
    told = refusal(tmp_path, entry(1, "CT"), damage=[Damage("1.2.99", 9, "it ends before its pixels do")])
    assert "wholly damaged can't be used: it ends before its pixels do" in told
    assert choose(tmp_path, entry(1, "CT"), damage=[Damage("1.2.1", 1, "it ends")]) == {"ct-image": 1}


def test_options_keep_what_was_asked(tmp_path):
    told = refusal(tmp_path, entry(1, "CT"), entry(2, "CT"), entry(3, "PT"), pet=0)
    assert told.endswith("Give one of --series pet=none,ct=1 or --series pet=none,ct=2")


def test_of_an_image_that_is_given_as_a_file_no_option_speaks(tmp_path):
    survey = Survey(tmp_path, (entry(1, "PT", usable=False, no_suv="it has no PatientWeight"),), (), (), 0)
    with pytest.raises(InputError, match=r"To go without it: --series pet=none$"):
        choose_series(HECKTOR, survey, {}, filled={"ct-image"})
