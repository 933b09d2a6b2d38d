import pytest

from hnseg_training.dataset.survey.same_person import person_key, same_person_problems


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("2", "02"),
        ("CHUM-004", "chum-004"),
        ("CHUM-004", "CHUM-004_v2"),
        ("CHUM-004", "CHUM_4"),
        ("case_02", "case_02 (1)"),
        ("case_02", "case_02 - Copy"),
        ("case_02", "case_02 "),
    ],
)
def test_names_of_one_person_are_a_problem(name, other):
    (problem,) = same_person_problems([other, "7", name])
    assert (name in problem.sentence, other in problem.sentence) == (True, True)
    assert "look like one, who would be trained on and validated on at once" in problem.sentence


@pytest.mark.parametrize(
    ("name", "other"), [("2", "20"), ("CHUM-004", "CHUM-040"), ("CHUM-004", "CHUS-004"), ("1-12", "11-2"), ("a1", "b1")]
)
def test_names_of_different_people_are_none(name, other):
    assert not list(same_person_problems([name, other]))


def test_the_later_form_is_to_be_left_out():
    assert [problem.patient for problem in same_person_problems(["02", "2", "002"])] == ["02", "002"]


def test_a_name_that_is_only_a_suffix_stays():
    assert person_key("v2") == "v2"
    assert person_key("old") == "old"
