"""Weighted means in half precision, beside sums in single precision."""

import pytest
import torch

from hnseg.inference.rolling_means import RollingMeans
from hnseg.inference.rolling_sums import RollingSums, gaussian

pytestmark = pytest.mark.numeric

PATCH, OUTPUTS, PLANE = (4, 8, 8), 3, (8, 14)


@pytest.fixture(params=[False, True], ids=["channels first", "channels last"])
def both(request):
    """Return means and sums of the same three tiles, two at the first plane and one two planes on."""
    kinds = [kind(OUTPUTS, PLANE, gaussian(PATCH), channels_last=request.param) for kind in (RollingMeans, RollingSums)]
    generator = torch.Generator().manual_seed(0)
    for first_column, drops in ((0, 0), (4, 0), (2, 2)):
        tile = 20 * torch.randn((OUTPUTS, *PATCH), generator=generator)
        for kind in kinds:
            if drops:
                kind.drop(drops)
            kind.add(tile, slice(0, 8), slice(first_column, first_column + 8))
    return kinds


def test_means_are_those_of_sums_to_half_precision_even_where_weights_are_tiny(both):
    means, sums = both
    for plane in range(PATCH[0]):
        found, expected = means.mean(plane), sums.mean(plane)
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-2)
        assert torch.equal(means.is_seen(plane), sums.is_seen(plane))
    assert not means.is_seen(3)[:, :2].any()
    assert means.mean(3)[:, :, :2].abs().max() == 0


def test_a_tile_counts_as_often_as_it_has_passes(both):
    means, sums = both
    tile = torch.full((OUTPUTS, *PATCH), 7.0)
    for kind in both:
        kind.add(tile, slice(0, 8), slice(3, 11), passes=3)
    torch.testing.assert_close(means.mean(0), sums.mean(0), rtol=2e-3, atol=2e-2)


def test_sums_may_go_on_as_means(both):
    _, sums = both
    expected = [sums.mean(plane) for plane in range(PATCH[0])]
    means = RollingMeans.of(sums)
    for plane, each in enumerate(expected):
        torch.testing.assert_close(means.mean(plane), each, rtol=1e-3, atol=1e-3)
    tile = torch.ones((OUTPUTS, *PATCH))
    for kind in (means, sums):
        kind.add(tile, slice(0, 8), slice(6, 14))
    torch.testing.assert_close(means.mean(0), sums.mean(0), rtol=2e-3, atol=2e-2)


def test_logits_beyond_half_precision_stay_finite():
    means = RollingMeans(1, (1, 1), torch.ones(1, 1, 1))
    means.add(torch.full((1, 1, 1, 1), 1e30), slice(0, 1), slice(0, 1))
    assert means.mean(0).isfinite().all()


def test_means_move_to_another_device_as_they_are(both):
    means, _ = both
    before = means.mean(0)
    means.to(torch.device("cpu"))
    assert torch.equal(means.mean(0), before)
