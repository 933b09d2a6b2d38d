import logging
import os

import pytest

from hnseg_training.workers import each


def square(number: int) -> int:
    return number * number


def process_of(_: int) -> int:
    return os.getpid()


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_items(workers, caplog):
    caplog.set_level(logging.INFO)
    assert list(each(square, [3, 1, 2], workers=workers, title="squaring")) == [9, 1, 4]
    assert caplog.messages[-1] == "squaring: 3 of 3 done"


def test_one_worker_is_this_process_and_several_are_others():
    assert list(each(process_of, [0], workers=1, title="asking")) == [os.getpid()]
    assert os.getpid() not in list(each(process_of, [0, 1], workers=2, title="asking"))
