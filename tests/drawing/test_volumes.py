"""Pictures of predicted volumes."""

from __future__ import annotations

import io

import numpy as np
import SimpleITK as sitk
from PIL import Image, ImageColor

from hnseg.drawing import volumes
from hnseg.drawing.volumes import REFERENCE_COLOUR, draw_volumes, method_colours
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map


def pixels_of(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def has(png, colour):
    return bool((pixels_of(png) == ImageColor.getrgb(colour)).all(axis=-1).any())


OTHER = "#0072b2"


def panels_of(reference, predicted):
    """Return the titles and panels of a scan of zeros."""
    masks = volumes._Masks(sitk.GetArrayFromImage(reference), (2 * sitk.GetArrayFromImage(predicted),), (1.0, 1.0, 1.0))
    colours = {1: REFERENCE_COLOUR, 2: OTHER}
    return volumes._panels(masks, np.zeros_like(masks.reference), (0.0, 1.0), colours, title="")


def test_outlines_of_all_methods_are_drawn_where_they_overlap():
    predicted = {"one": label_map(BOTH[0]), "two": label_map(np.s_[1:4, 2:6, 2:6]), "none": label_map()}
    png, colours = draw_volumes(label_map(BOTH[0]), predicted, {}), method_colours(list(predicted))
    assert [has(png, colours[name]) for name in predicted] == [True, True, False]
    assert REFERENCE_COLOUR not in colours.values()


def test_each_scan_has_two_panels():
    ct = as_image(np.arange(np.prod(SHAPE), dtype=np.float32).reshape(SHAPE))
    none, one, two = (
        draw_volumes(label_map(*BOTH), {"a": label_map()}, scans) for scans in ({}, {"CT": ct}, {"CT": ct, "PET": ct})
    )
    assert pixels_of(none).shape == pixels_of(one).shape
    assert pixels_of(two).shape[1] > 1.9 * pixels_of(one).shape[1]


def test_without_a_recurrence_the_prediction_is_shown_and_without_both_the_middle():
    assert has(draw_volumes(label_map(), {"a": label_map(BOTH[1])}, {}), method_colours(["a"])["a"])
    (axial, _), (coronal, _) = panels_of(label_map(), label_map())
    assert (axial, coronal) == ("axial slice 5 of 8", "coronal slice 7 of 12")


def test_the_fullest_slices_are_shown_with_the_head_up():
    (axial, _), (coronal, picture) = panels_of(label_map(BOTH[0]), label_map(np.s_[7, 1:3, 2:4]))
    assert (axial, coronal) == ("axial slice 2 of 8", "coronal slice 2 of 12")
    outline = (np.asarray(picture.convert("RGB")) == ImageColor.getrgb(OTHER)).all(axis=-1)
    assert np.argwhere(outline)[:, 0].max() < picture.height / 2  # what is highest in the patient
