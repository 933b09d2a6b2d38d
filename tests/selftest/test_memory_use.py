import re

import pytest

from hnseg.selftest.memory_use import check_memory, judge_vram


def test_a_processors_memory_is_measured_beside_what_was_predicted(subject):
    (row,) = check_memory(subject)
    assert row.state == "measured"
    taken, predicted = map(int, re.findall(r"(\d+) MiB", row.found))
    assert 0 <= taken < 2000
    assert predicted >= 0


@pytest.mark.parametrize(("peak_gib", "state"), [(2.0, "right"), (2.19, "right"), (2.21, "warning")])
def test_a_gpu_may_take_a_tenth_more_than_predicted(peak_gib, state):
    assert judge_vram(peak_gib, 2.0).state == state
