from dataclasses import dataclass

from hnseg_training.dataset.survey.finding import Finding
from hnseg_training.dataset.survey.problem import Problem


@dataclass(frozen=True)
class Named:
    name: str
    files: tuple = ()


def test_patients_with_and_without_problems_have_names_once():
    problems = [Problem("c", "It must hold."), Problem("a", "It must hold."), Problem("", "It must hold.")]
    assert Finding([Named("b"), Named("a")], problems).names == ["a", "b", "c"]
