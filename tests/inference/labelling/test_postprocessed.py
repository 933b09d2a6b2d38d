"""Postprocessed label maps are those of nnU-Net's `apply_postprocessing`, voxel for voxel."""

import numpy as np
import pytest
from nnunetv2.postprocessing.remove_connected_components import (
    apply_postprocessing,
    remove_all_but_largest_component_from_segmentation,
)
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.labelling.postprocessed import postprocess
from hnseg.inference.model.nnunet_plans import Dataset
from hnseg.inference.model.postprocessing import NO_POSTPROCESSING, KeepLargest, Postprocessing

DIRECTION = (0.0, -0.6, 0.8, 1.0, 0.0, 0.0, 0.0, 0.8, 0.6)
REGIONS = {"background": 0, "whole": [1, 2, 3], "core": [2, 3], "edge": 3, "ignore": 4}


def blobs(dtype, *, highest=4, seed=0):
    """Return a label map of many pieces, some of which touch by a corner alone, on an oblique grid."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(17, 31, 26)), 1.1)
    array = np.digitize(noise, np.quantile(noise, np.linspace(0.5, 0.9, highest))).astype(dtype)
    array[:3] = 0
    return image_of(array, Grid((26, 31, 17), (0.9, 1.1, 3.0), (4.0, -7.0, 9.5), DIRECTION))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "steps",
    [[[1]], [[1, 2, 3, 4]], [[1, 2, 3, 4], [2], [4]], [(2, 3), (1, 2, 3), [4]], [[(1, 2), 4]], [[60]]],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_labels_regions_and_several_steps_are_nnunets(steps, dtype, seed):
    label_map = blobs(dtype, seed=seed)
    flat = [np.hstack([np.ravel(each) for each in step]).tolist() for step in steps]
    ours = postprocess(label_map, Postprocessing(keep_largest=[KeepLargest(labels=labels) for labels in flat]))
    arguments = [{"labels_or_regions": step} for step in steps]
    stock = apply_postprocessing(
        array_of(label_map), [remove_all_but_largest_component_from_segmentation] * len(steps), arguments
    )
    assert np.array_equal(array_of(ours.label_map), stock)
    assert array_of(ours.label_map).dtype == dtype
    assert Grid.of(ours.label_map) == Grid.of(label_map)
    assert sum(ours.dropped) == np.count_nonzero(array_of(label_map) != stock)


def test_of_equally_large_pieces_all_are_kept_as_nnunet_keeps_them():
    array = np.zeros((4, 5, 6), np.uint8)
    array[0, 0, :2] = array[3, 4, :2] = array[2, 2, 5] = 1
    label_map = image_of(array, Grid((6, 5, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), DIRECTION))
    kept = array_of(postprocess(label_map, Postprocessing(keep_largest=[KeepLargest(labels=[1])])).label_map)
    assert np.array_equal(kept, remove_all_but_largest_component_from_segmentation(array, 1))
    assert kept.sum() == 4


def test_an_empty_label_map_and_no_step_change_nothing():
    empty = image_of(np.zeros((4, 5, 6), np.uint8), Grid((6, 5, 4), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), DIRECTION))
    done = postprocess(empty, Postprocessing(keep_largest=[KeepLargest(labels=[1, 2])]))
    assert (done.dropped, array_of(done.label_map).any()) == ((0,), False)
    label_map = blobs(np.uint8)
    assert postprocess(label_map, NO_POSTPROCESSING).label_map is label_map
    assert postprocess(label_map, NO_POSTPROCESSING).record == {}


def test_each_step_is_told_with_the_names_of_its_labels_or_region():
    dataset = Dataset.model_validate(
        {"channel_names": {"0": "CT"}, "labels": REGIONS, "regions_class_order": [1, 2, 3]}
    )
    steps = [
        KeepLargest(labels=[1, 2, 3]),
        KeepLargest(labels=[3]),
        KeepLargest(labels=[1, 3]),
        KeepLargest(labels=[2]),
    ]
    notes = postprocess(blobs(np.uint8), Postprocessing(keep_largest=steps)).notes(dataset)
    named = ["whole", "edge", "1 and edge together", "label 2"]
    assert [note.split("piece of ")[1].split(", and dropped")[0] for note in notes] == named
