import time

import torch

from hnseg.selftest.timing import timed_ms


def test_work_is_done_and_timed_in_milliseconds():
    result, milliseconds = timed_ms(lambda: time.sleep(0.02) or "done", torch.device("cpu"))
    assert result == "done"
    assert 20 <= milliseconds < 5000
