import numpy as np
import SimpleITK as sitk

from hnseg.imaging.labels import in_words, unexpected_values

LABELS = {2: "Node", 1: "Tumour"}


def label_map(values, dtype=np.uint8):
    return sitk.GetImageFromArray(np.array(values, dtype).reshape(2, 2, -1))


def test_background_and_labels_are_expected():
    assert unexpected_values(label_map([0, 1, 2, 0]), LABELS) == []
    assert unexpected_values(label_map([0, 0, 0, 0]), LABELS) == []


def test_other_values_are_given_once_in_order():
    assert unexpected_values(label_map([9, 1, 3, 9]), LABELS) == [3, 9]


def test_fractions_and_negative_values_are_unexpected():
    assert unexpected_values(label_map([0.5, 1, -1, 2], np.float32), LABELS) == [-1, 0.5]


def test_the_allowed_values_read_as_a_list():
    assert in_words(LABELS) == "0, 1 (Tumour), 2 (Node)"


def test_of_an_image_that_is_no_label_map_some_values_are_enough():
    noise = np.random.default_rng(0).random((40, 200, 200)).astype(np.float32)
    found = unexpected_values(sitk.GetImageFromArray(noise), LABELS)
    assert 100 <= len(found) <= 10_000
    assert found == sorted(found)


def test_values_that_no_uint8_holds_are_found():
    assert unexpected_values(label_map([256, -255, 1e30, np.inf], np.float64), LABELS) == [-255, 256, 1e30, np.inf]
    assert unexpected_values(label_map([256, 65535, 1, 0], np.uint16), LABELS) == [256, 65535]
