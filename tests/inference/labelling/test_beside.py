"""Labelling beside: planes are labelled in another thread, in order, and however they end."""

import threading

import numpy as np
import pytest

from hnseg.inference.labelling.beside import fill_beside


@pytest.fixture
def labelled():
    return []


def planes(count):
    return (np.full((1, 1, 1), number, np.float32) for number in range(count))


def test_planes_are_labelled_in_order_by_another_thread(labelled):
    threads = set()

    def fill(arriving):
        for plane in arriving:
            threads.add(threading.get_ident())
            labelled.append(int(plane[0, 0, 0]))

    fill_beside(fill, planes(20), most=2)
    assert labelled == list(range(20))
    assert threading.get_ident() not in threads


def test_the_next_planes_are_made_while_one_is_labelled():
    made = threading.Event()

    def making():
        yield np.zeros((1, 1, 1), np.float32)
        yield np.zeros((1, 1, 1), np.float32)
        made.set()

    def fill(arriving):
        for _ in arriving:
            assert made.wait(30)

    fill_beside(fill, making(), most=2)


@pytest.mark.parametrize("error", [ValueError("planes"), SystemExit(143)])
def test_what_ends_the_planes_is_raised_when_those_that_came_are_labelled(labelled, error):
    def making():
        yield from planes(5)
        raise error

    with pytest.raises(type(error)) as raised:
        fill_beside(labelled.extend, making(), most=2)
    assert raised.value is error
    assert len(labelled) == 5


def test_an_error_of_the_labelling_ends_the_planes(labelled):
    def fill(arriving):
        next(arriving)
        raise MemoryError

    def making():
        for plane in planes(1000):
            labelled.append(plane)
            yield plane

    with pytest.raises(MemoryError):
        fill_beside(fill, making(), most=1)
    assert len(labelled) < 10
