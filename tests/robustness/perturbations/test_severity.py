import numpy as np
import pytest

from hnseg.robustness.perturbations.severity import SEVERITIES, at_severity, triple_within


def test_there_are_three_severities_that_change_something():
    assert SEVERITIES == (1, 2, 3)
    assert [at_severity(severity, ("a", "b", "c")) for severity in SEVERITIES] == ["a", "b", "c"]


@pytest.mark.parametrize("severity", [0, 4, -1])
def test_another_severity_is_refused(severity):
    with pytest.raises(ValueError, match=f"must have a severity of 1 to 3, found {severity}"):
        at_severity(severity, (1, 2, 3))


def test_three_numbers_are_drawn_one_by_one():
    numbers = triple_within((2.0, 4.0), np.random.default_rng(0))
    assert all(2 <= number < 4 for number in numbers)
    assert len(set(numbers)) == 3
