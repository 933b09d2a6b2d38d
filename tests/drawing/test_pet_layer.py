import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.drawing.pet_layer import pet_layer_of
from hnseg.drawing.turn import Turn
from hnseg.imaging.geometry import Grid, image_of

CT_GRID = Grid((60, 60, 40), (4.0, 4.0, 4.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def scans(*, hottest=8.0, factor=1.0):
    """A CT with a body, and a PET of half its resolution: 1 in the body and a tumour, times a factor."""
    hu, suv = np.full(CT_GRID.shape_zyx, -1000, np.int16), np.zeros((20, 30, 30), np.float32)
    hu[:, 10:50, 10:50] = 40
    suv[:, 5:25, 5:25] = 1.0
    suv[8:12, 12:18, 12:18] = hottest
    pet = image_of(suv * np.float32(factor), CT_GRID.respaced((8.0, 8.0, 8.0)))
    return image_of(hu, CT_GRID), pet


def test_a_pet_in_suv_has_the_same_scale_whoever_is_scanned():
    ct, pet = scans()
    layer = pet_layer_of(pet, ct, CT_GRID)
    assert (layer.scale.top, layer.scale.unit, layer.scale.is_exceeded) == (10.0, "SUV", False)
    assert layer.scale.ticks == (0.0, 2.5, 5.0, 7.5, 10.0)
    assert layer.scale.words == "PET in SUV, 0 to 10"


def test_values_above_the_scale_are_told():
    ct, pet = scans(hottest=14.0)
    scale = pet_layer_of(pet, ct, CT_GRID).scale
    assert scale.is_exceeded
    assert scale.words == "PET in SUV, 0 to 10 and more"


@pytest.mark.parametrize(
    ("factor", "top", "words"),
    [(3000.0, 40000.0, "probably activity per volume: 0 to 40000"), (0.09, 0.8, "probably scaled to 0 to 1: 0 to 0.8"),
     (0.0, 1.0, "without uptake in the body: 0 to 1")],
)  # fmt: skip
def test_another_unit_is_said_so(factor, top, words):
    ct, pet = scans(factor=factor)
    scale = pet_layer_of(pet, ct, CT_GRID).scale
    assert scale.unit == "not SUV"
    assert scale.top == pytest.approx(top)
    assert scale.words == f"PET not in SUV, {words}"


def test_the_values_lie_on_the_scans_grid_as_parts_of_the_top():
    ct, pet = scans()
    layer = pet_layer_of(pet, ct, CT_GRID)
    assert Grid.of(layer.values) == CT_GRID
    uptake = layer.uptake(Turn.of(ct))
    assert uptake.dtype == np.float32
    assert uptake[20, 30, 30] == pytest.approx(0.8)
    assert uptake[20, 12, 12] == pytest.approx(0.1)


def test_without_a_ct_all_of_the_pet_counts():
    _, pet = scans()
    assert pet_layer_of(sitk.Cast(pet, sitk.sitkFloat64), None, CT_GRID).scale.unit == "SUV"
