import re

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.geometry import Grid, array_of
from hnseg.imaging.pet_ct.channels import PetCtSettings, pet_ct_channels
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between
from tests.support.small_hecktor import CT_GRID, small_ct, small_pet

BOTH, WINNER = PetCtSettings(), PetCtSettings(crop="head_neck")


def trilinear(image, points_mm):
    """Interpolate by hand: the eight voxels around each point, weighted; 0 outside the voxels' own boxes."""
    grid, voxels = Grid.of(image), array_of(image).astype(np.float64)
    index = grid.index_xyz(points_mm)
    size = np.array(grid.size_xyz)
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(axis=1)
    index = np.clip(index, 0, size - 1)
    low = np.minimum(np.floor(index).astype(int), size - 2)
    part = index - low
    total = np.zeros(len(points_mm))
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, part, 1 - part).prod(axis=1)
        x, y, z = (low + corner).T
        total += weight * voxels[z, y, x]
    return np.where(inside, total, 0.0)


def test_channels_are_the_ct_clipped_and_the_pet_on_its_voxels():
    ct, pet = small_ct(), small_pet()
    ct[3, 4, 5], ct[4, 4, 5] = 9000, -16989  # a tooth's filling, and a value of a faulty scanner
    channels = pet_ct_channels(ct, pet, BOTH)
    assert channels.array.dtype == np.float32
    assert channels.array.shape == (2, *CT_GRID.shape_zyx)
    assert channels.grid == CT_GRID
    np.testing.assert_array_equal(channels.array[0], np.clip(array_of(ct), -1024, 3071))
    assert 1.1 < channels.array[1].max() < 1.4  # the tumour's 12 SUV are 1.2
    assert channels.notes == ()
    assert channels.record["modalities"] == {"pet": {"used": True, "reason": ""}}
    assert channels.record["pet_overlap"]["share_of_body"] > 0.999


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_the_pet_is_resampled_through_its_direction_matrix(direction):
    extent = ((-90, -100, -200), (90, 100, 10))  # smaller than the CT's
    pet = Figure().pet(grid_between(*extent, (6, 7, 8), direction))
    channels = pet_ct_channels(small_ct(), pet, BOTH)
    index = np.indices(CT_GRID.shape_zyx)[::-1].reshape(3, -1).T.astype(float)
    by_hand = trilinear(pet, CT_GRID.points_mm(index)).reshape(CT_GRID.shape_zyx) / 10
    assert (by_hand == 0).mean() > 0.3
    np.testing.assert_allclose(channels.array[1], by_hand, atol=1e-4)


def test_the_pet_is_clipped_to_its_range_and_scaled():
    pet = small_pet()
    pet[20, 20, 40] = 400
    channels = pet_ct_channels(small_ct(), pet, PetCtSettings(pet_range_suv=(1, 20), suv_of_one=20))
    assert (channels.array[1].min(), channels.array[1].max()) == pytest.approx((0.05, 1.0))


def test_a_pet_of_whole_numbers_is_interpolated_between_them():
    pet = sitk.Cast(small_pet(), sitk.sitkInt16)
    tenths = pet_ct_channels(small_ct(), pet, BOTH).array[1] * 10
    assert np.count_nonzero(np.abs(tenths - np.rint(tenths)) > 0.1) > 1000


def test_the_crop_is_a_box_of_the_cts_own_voxels_and_is_recorded():
    ct, pet = small_ct(), small_pet()
    whole, cropped = pet_ct_channels(ct, pet, BOTH), pet_ct_channels(ct, pet, WINNER)
    crop = cropped.record["crop"]
    (x, y, z), (nx, ny, nz) = crop["index_xyz"], crop["size_xyz"]
    assert cropped.grid.size_xyz == (nx, ny, nz) == (40, 40, 49)  # 200 x 200 x 310 mm, less the part below the image
    assert cropped.grid.matches(Grid.of(ct[x : x + nx, y : y + ny, z : z + nz]))
    box = np.s_[z : z + nz, y : y + ny, x : x + nx]
    np.testing.assert_array_equal(cropped.array[0], whole.array[0][box])
    np.testing.assert_allclose(cropped.array[1], whole.array[1][box], atol=1e-5)
    (note,) = cropped.notes
    assert re.fullmatch(
        r"The head and neck are 40 x 40 x 49 of 50 x 48 x 55 voxels, found by the uptake of 1\d\d\d ml in the head\.",
        note,
    )
    assert crop["why"] in note


@pytest.mark.parametrize(("lowest_mm", "is_used"), [(-60, True), (-14, False), (300, False)])
def test_a_pet_must_overlap_the_body(lowest_mm, is_used):
    # The ellipsoid's cap above -60 mm has 15 % of head, neck and shoulders; above -14 there is 1 %.
    pet = Figure().pet(grid_between((-150, -150, lowest_mm), (150, 150, lowest_mm + 200), (6, 6, 6)))
    pet[0, 0, 0] = 5
    channels = pet_ct_channels(small_ct(), pet, BOTH)
    assert channels.array[1].any() == channels.uses("pet") == is_used
    if is_used:
        assert channels.notes == ()
        return
    share, litres = re.fullmatch(
        r"CT only: the PET covers (\d\.\d)% of the body on the CT, (\d\.\d\d) l, and at least 10% or 1 l are needed\."
        r" Do both belong to the same patient and scan\?",
        channels.notes[0],
    ).groups()
    assert (float(share) > 0) == (float(litres) > 0) == (lowest_mm < 0)
    assert channels.record["pet_overlap"]["share_of_body"] == pytest.approx(float(share) / 100, abs=5e-4)


def test_a_pet_of_the_head_alone_is_used_on_a_whole_body():
    ct = Figure().ct(grid_between((-260, -180, -1500), (260, 220, 40), (8, 8, 10)))
    pet = Figure().pet(grid_between((-110, -110, -200), (110, 110, 20), (5, 5, 5)))
    channels = pet_ct_channels(ct, pet, BOTH)
    assert channels.record["pet_overlap"]["share_of_body"] < 0.1  # but it is several litres
    assert channels.array[1].any()


def test_the_sentence_does_without_a_file_where_none_is_named():
    (note,) = pet_ct_channels(small_ct(), small_pet() * 3400, BOTH).notes
    assert note.startswith("CT only: The PET must be in SUV, muscle at 0.2 to 2 and a brain at 2 to 15, but it has a")


@pytest.mark.parametrize("value", [2500.0, -1e6, 3e38])
def test_one_voxel_of_an_artefact_changes_nothing_but_is_said(value):
    good, bad = small_pet(), small_pet()
    bad[23, 20, 30] = value
    expected, channels = pet_ct_channels(small_ct(), good, BOTH), pet_ct_channels(small_ct(), bad, BOTH)
    np.testing.assert_allclose(channels.array[1], expected.array[1], atol=0.05)  # the neighbours' median stands in
    assert channels.notes == (
        "1 voxel of the PET, below -20 or above 2000 SUV, can't be uptake and has the median of the neighbours.",
    )
    assert channels.record["pet_values"]["mended_voxels"] == 1
    assert channels.record["pet_values"]["background_suv"] == pytest.approx(
        expected.record["pet_values"]["background_suv"], rel=1e-3
    )


@pytest.mark.parametrize("value", [0.0, -1.0, -1000.0, -1e6, 30000.0])
def test_padding_of_any_value_changes_nothing(value):
    padded = sitk.ConstantPad(small_pet(), [40] * 3, [40] * 3, value)  # 98 % of the voxels
    expected, channels = pet_ct_channels(small_ct(), small_pet(), BOTH), pet_ct_channels(small_ct(), padded, BOTH)
    differences = np.abs(channels.array - expected.array)
    assert (differences > 1e-3).mean() < 0.002  # voxels between the PET's last and the padding's first
    assert differences.max() < 0.1
    assert channels.notes == expected.notes == ()


def test_a_pet_that_is_padding_where_the_body_is_does_not_cover_it():
    pet = small_pet()
    pet[:, :, 2:] = 0.0
    (note,) = pet_ct_channels(small_ct(), pet, BOTH).notes
    assert re.match(r"CT only: the PET covers \d\.\d% of the body on the CT", note)


def test_without_the_pet_channel_the_pet_does_not_matter():
    alone = PetCtSettings(pet_channel=False, crop="head_neck")
    made = [pet_ct_channels(small_ct(), pet, alone) for pet in (None, small_pet(), small_pet() * 3400)]
    for channels in made:
        assert channels.array.shape[0] == 1
        np.testing.assert_array_equal(channels.array, made[0].array)
        assert channels.notes == made[0].notes
        assert channels.notes[0].startswith("The head and neck are")
        assert "modalities" not in channels.record
