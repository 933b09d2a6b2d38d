"""Pictures of predicted volumes."""

from __future__ import annotations

import io

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageColor

from hnseg.drawing import volumes
from hnseg.drawing.pet_layer import pet_layer_of
from hnseg.drawing.volumes import REFERENCE_COLOUR, draw_volumes, method_colours
from hnseg.imaging.geometry import Grid
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def has(png, colour):
    return bool((pixels_of(png) == ImageColor.getrgb(colour)).all(axis=-1).any())


def cuts_of(reference, predicted):
    """Return the titles and cuts of a scan of zeros."""
    masks = volumes._Masks(sitk.GetArrayFromImage(reference), (2 * sitk.GetArrayFromImage(predicted),), (1.0, 1.0, 1.0))
    return [(title, cut) for title, cut, _ in volumes._cuts(masks, np.zeros_like(masks.reference), (0.0, 1.0))]


def test_outlines_of_all_methods_are_drawn_where_they_overlap():
    predicted = {"one": label_map(BOTH[0]), "two": label_map(np.s_[1:4, 2:6, 2:6]), "none": label_map()}
    png, colours = draw_volumes(label_map(BOTH[0]), predicted, None, None), method_colours(list(predicted))
    assert [has(png, colours[name]) for name in predicted] == [True, True, False]
    assert REFERENCE_COLOUR not in colours.values()


def test_the_pet_is_a_second_row_with_a_bar():
    array = np.full(SHAPE, -1000, np.int16)
    array[:, 1:, 1:] = 40
    ct, pet = as_image(array), as_image(np.where(array > 0, 2, 0).astype(np.float32))
    layer = pet_layer_of(pet, ct, Grid.of(ct))
    none, one, two = (
        pixels_of(draw_volumes(label_map(*BOTH), {"a": label_map()}, *given))
        for given in ((None, None), (ct, None), (ct, layer))
    )
    assert none.shape == one.shape
    assert two.shape[0] > 1.9 * one.shape[0]
    assert two.shape[1] - one.shape[1] == 104
    assert np.array_equal(two[: one.shape[0] - 3, : one.shape[1]], one[:-3])


def test_without_a_recurrence_the_prediction_is_shown_and_without_both_the_middle():
    drawn = draw_volumes(label_map(), {"a": label_map(BOTH[1])}, None, None)
    assert has(drawn, method_colours(["a"])["a"])
    (axial, _), (coronal, _) = cuts_of(label_map(), label_map())
    assert (axial, coronal) == ("axial slice 5 of 8", "coronal slice 7 of 12")


def test_the_fullest_slices_are_shown_with_the_head_up():
    (axial, _), (coronal, cut) = cuts_of(label_map(BOTH[0]), label_map(np.s_[7, 1:3, 2:4]))
    assert (axial, coronal) == ("axial slice 2 of 8", "coronal slice 2 of 12")
    assert np.argwhere(cut.found)[:, 0].max() < cut.found.shape[0] / 2  # what is highest in the patient
