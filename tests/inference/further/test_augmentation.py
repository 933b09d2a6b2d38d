"""Changes of a volume that a network sees, and what undoes them."""

import pytest
import torch

from hnseg.inference.further.augmentation import (
    MOST_DEGREES,
    NOISE_SIGMA,
    UNCHANGED,
    Flip,
    Noise,
    Rotation,
    Volume,
    drawn_change,
)

BOX = (slice(1, 5), slice(0, 8), slice(2, 10))
DRAWN = range(60)


@pytest.fixture
def volume():
    array = torch.randn(3, 6, 10, 12, generator=torch.Generator().manual_seed(0))
    return Volume(array, (3.0, 1.0, 1.0), images=2)


def test_noise_is_added_to_images_and_not_to_prompts(volume):
    tile, own = Noise(5).tile(volume, BOX), volume.array[(slice(None), *BOX)]
    difference = tile - own
    assert difference[:2].std().item() == pytest.approx(NOISE_SIGMA, rel=0.2)
    assert torch.equal(tile[2], own[2])
    assert not torch.equal(difference[0], difference[1])
    assert torch.equal(tile, Noise(5).tile(volume, BOX))


def test_rotation_turns_prompts_too_and_is_turned_back(volume):
    rotation = Rotation(0, 5.0)
    tile = rotation.tile(volume, BOX)
    assert tile.shape == (3, 4, 8, 8)
    assert all(
        not torch.equal(turned, own) for turned, own in zip(tile, volume.array[(slice(None), *BOX)], strict=True)
    )
    steady = torch.full((4, 4, 8, 8), 2.5)
    torch.testing.assert_close(rotation.undone(steady, volume.spacing_mm), steady)


@pytest.mark.parametrize("change", [UNCHANGED, Flip((1,)), Noise(1)])
def test_logits_of_what_moves_nothing_stay_where_they_are(volume, change):
    logits = torch.randn(4, 4, 8, 8)
    assert change.undone(logits, volume.spacing_mm) is logits


def test_flips_are_along_axes_that_the_model_was_trained_to_mirror():
    drawn = [drawn_change(number, (0, 2), is_flat=False) for number in DRAWN]
    flips = [change.axes for change in drawn if isinstance(change, Flip)]
    assert set(flips) == {(0,), (2,)}
    assert {type(change) for change in drawn} == {Flip, Noise, Rotation}
    assert not any(isinstance(drawn_change(number, (), is_flat=False), Flip) for number in DRAWN)


def test_angles_are_small_and_of_every_axis_or_in_the_plane_of_a_flat_network():
    rotations = [each for number in DRAWN if isinstance(each := drawn_change(number, (), is_flat=False), Rotation)]
    assert all(0 < abs(each.degrees) <= MOST_DEGREES for each in rotations)
    assert {each.axis for each in rotations} == {0, 1, 2}
    flat = [each for number in DRAWN if isinstance(each := drawn_change(number, (), is_flat=True), Rotation)]
    assert {each.axis for each in flat} == {0}


def test_the_same_number_draws_the_same():
    assert [drawn_change(n, (1,), is_flat=False) for n in DRAWN] == [
        drawn_change(n, (1,), is_flat=False) for n in DRAWN
    ]
