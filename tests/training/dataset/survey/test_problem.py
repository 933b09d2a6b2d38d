from hnseg.errors import InputError
from hnseg_training.dataset.survey.problem import Problem, Refusals


def refuse():
    raise InputError("The CT must be there, but it is not.")


def test_refusals_are_gathered_and_results_come_back():
    refusals = Refusals()
    assert refusals.result_of(lambda: 3) == 3
    assert refusals.result_of(refuse) is None
    assert refusals.result_of(refuse) is None
    assert refusals.sentences == ["The CT must be there, but it is not."] * 2


def test_a_line_names_the_patient_and_can_not_steer_a_terminal():
    assert Problem("a\x1b[31m", "It must\nhold.").line == "a\\x1b[31m: It must\\nhold."
    assert Problem("", "It must hold.").line == "It must hold."
