"""Clicks on phantoms: inside lesions, off them, and in every form of the file."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges.hn_uiseg.clicks import clicks_json
from tests.phantom.challenges.hecktor.conftest import coarse

LABELS = {"GTVp": 1, "GTVn": 2}


@pytest.fixture(scope="module")
def scene():
    patient = coarse(0)
    return array_of(patient.mask), array_of(patient.ct), Grid.of(patient.ct)


def indices_of(content, grid):
    points = np.array([point["point"] for point in content["points"]], np.float64)
    xyz = grid.index_xyz(points) if content.get("unit") == "mm" else points
    return np.rint(xyz[:, ::-1]).astype(int)


def values_at(array, content, grid):
    return [array[tuple(index)] for index in indices_of(content, grid)]


def test_each_lesion_has_a_positive_click_and_one_negative_click_lies_off_them(scene):
    labels, ct, grid = scene
    named = clicks_json(labels, ct, grid, "named")
    *names, last = [point["name"] for point in named["points"]]
    *found, off = values_at(labels, named, grid)
    assert found == [LABELS[name] for name in names]
    lesions = [ndimage.label(labels == label, np.ones((3, 3, 3)))[1] for label in LABELS.values()]
    assert [names.count(name) for name in LABELS] == lesions
    assert (last, off) == ("not GTVp", 0)


def test_the_negative_click_is_in_soft_tissue_15_mm_from_any_lesion(scene):
    labels, ct, grid = scene
    index = tuple(indices_of(clicks_json(labels, ct, grid, "named"), grid)[-1])
    assert 0 <= ct[index] <= 100
    assert ndimage.distance_transform_edt(labels == 0, sampling=grid.spacing_zyx_mm)[index] >= 15


def test_the_same_clicks_are_written_by_structure_for_the_platform_and_in_mm(scene):
    labels, ct, grid = scene
    named, platform, mm = (clicks_json(labels, ct, grid, kind) for kind in ("named", "platform", "mm"))
    assert {point["name"] for point in platform["points"]} == {"tumor", "background"}
    assert [point["point"] for point in platform["points"]] == [point["point"] for point in named["points"]]
    assert mm["unit"] == "mm"
    np.testing.assert_array_equal(indices_of(mm, grid), indices_of(named, grid))
    assert all(content["type"] == "Multiple points" for content in (named, platform, mm))


def test_the_far_click_is_negative_and_far_from_every_lesion(scene):
    labels, ct, grid = scene
    far = clicks_json(labels, ct, grid, "far")
    (index,) = map(tuple, indices_of(far, grid))
    assert [point["name"] for point in far["points"]] == ["not GTVn"]
    assert ndimage.distance_transform_edt(labels == 0, sampling=grid.spacing_zyx_mm)[index] > 60
