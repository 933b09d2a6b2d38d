import numpy as np

from hnseg.inference.preprocessing.previous_labels import NO_PREVIOUS, PreviousLabels


def test_background_outside_is_told_apart_and_labels_outside_stay():
    array = np.array([[[0, 1, 0], [2, 0, 0]]], np.uint8)
    inside = np.array([[[False, False], [True, False]]]).transpose(1, 0, 2)
    placed = PreviousLabels(array, (1, 2)).placed((1, 0, 2), (slice(0, 2), slice(0, 1), slice(0, 2)), inside)
    assert placed.tolist() == [[[-1, 1]], [[2, -1]]]


def test_the_label_map_itself_is_not_changed():
    array = np.zeros((1, 1, 2), np.uint8)
    whole = (slice(0, 1), slice(0, 1), slice(0, 2))
    PreviousLabels(array, (1,)).placed((0, 1, 2), whole, np.zeros((1, 1, 2), np.bool_))
    assert not array.any()


def test_a_model_that_is_no_second_stage_gets_no_channel():
    assert NO_PREVIOUS.values == ()
