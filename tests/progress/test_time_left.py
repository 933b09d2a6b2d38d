"""Time left, with a clock that is moved by hand."""

import pytest

from hnseg.progress.time_left import TimeLeft, in_words


def test_there_is_none_before_evidence_and_the_slow_first_pass_does_not_count():
    left = TimeLeft()
    assert left.seconds(0.0, 0.0) is None
    assert left.seconds(0.01, 30.0) is None  # the first pass took 30 s
    assert left.seconds(0.02, 31.0) is None
    assert left.seconds(0.05, 34.0) == pytest.approx(95)  # 1 s each 1 %


def test_at_an_even_pace_the_end_does_not_move():
    left = TimeLeft()
    ends = [now_s + (left.seconds(now_s / 200, float(now_s)) or 200 - now_s) for now_s in range(1, 200)]
    assert ends == pytest.approx([200] * 199)


def test_one_slow_pass_in_the_middle_moves_it_little():
    left = TimeLeft()
    for second in range(1, 101):
        before_s = left.seconds(second / 200, float(second))
    after_s = left.seconds(101 / 200, 110.0)  # ten seconds for one
    assert after_s == pytest.approx(before_s, rel=0.1)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "5 s"), (8, "10 s"), (119, "120 s"), (121, "2 min"), (3600, "60 min")]
)
def test_it_is_rounded_to_what_is_known(seconds, words):
    assert in_words(seconds) == words
