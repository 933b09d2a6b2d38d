import math

import pytest

from hnseg.errors import OutputError
from hnseg.platform.answers import NO_ANSWERS, Answers, check_answers, empty_answers

GOOD = {"stage": "T2", "days": 812.5}


def test_good_answers_pass_and_so_does_none_where_none_is_asked(spec, asking):
    check_answers(asking, Answers(GOOD))
    check_answers(spec, NO_ANSWERS)


def test_beside_an_empty_label_map_stands_what_the_spec_says(asking):
    assert empty_answers(asking).values == {"stage": "T1", "days": 0.0}
    check_answers(asking, empty_answers(asking))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"stage": "T2"}, "The method must answer stage, days, but answered stage. Its answer step"),
        ({}, "The method must answer stage, days, but answered nothing."),
        (GOOD | {"hpv": "1"}, "The method must answer stage, days, but answered days, hpv, stage."),
        (GOOD | {"stage": "T9"}, "The T stage must be one of T1, T2, but the method answered 'T9'."),
        (GOOD | {"stage": None}, "The T stage must be one of T1, T2, but the method answered None."),
        (GOOD | {"days": "812"}, "The survival must be a finite number, but the method answered '812'."),
        (GOOD | {"days": math.nan}, "The survival must be a finite number, but the method answered nan."),
        (GOOD | {"days": math.inf}, "The survival must be a finite number, but the method answered inf."),
    ],
)
def test_what_the_challenge_would_not_accept_is_refused(asking, values, said):
    with pytest.raises(OutputError) as caught:
        check_answers(asking, Answers(values))
    assert str(caught.value).startswith(said)


def test_answers_that_nobody_asked_for_are_refused(spec):
    with pytest.raises(OutputError, match="must answer nothing, but answered days, stage"):
        check_answers(spec, Answers(GOOD))
