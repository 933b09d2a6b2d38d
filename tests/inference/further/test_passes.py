"""Members beyond the folds, beside a naive computation with every member's logits at full size."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import affine_transform
from scipy.special import softmax, xlogy

from hnseg.imaging.geometry import array_of
from hnseg.inference import predictor
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.further.asked import FurtherMembers
from hnseg.inference.further.augmentation import NOISE_SIGMA, Flip, Noise, Rotation
from hnseg.inference.further.dropout import with_dropout
from hnseg.inference.further.members import further_members
from hnseg.inference.further.noise import normal_noise
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.memory import MemoryLayout, MemoryNeed
from hnseg.inference.planning.tiling import Window, patch_3d
from hnseg.inference.predictor import start_prediction
from hnseg.inference.preprocessing.preprocess import place, preprocess
from hnseg.inference.rolling_sums import gaussian
from tests.support.pretended_gpu import PretendedGpu
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.small_ensembles import PLAIN, logits_of, noise, only

pytestmark = pytest.mark.numeric

FOLDS = (0, 1, 2, 3, 4)
MODEL = {
    "folds": FOLDS,
    "patch": (4, 8, 8),
    "spacing_mm": (3.0, 2.0, 2.0),
    "labels": {"background": 0, **{f"l{label}": label for label in range(1, 7)}},
    "dropout": 0.2,
}
ASKED = FurtherMembers(dropout=2, tta=4)


def ensemble_of(make_model, backend="torch", **wanted):
    return load_ensemble(open_bundle(make_model(**{**MODEL, **wanted})), device="cpu", backend=backend)


@pytest.fixture(scope="module")
def ensemble(make_model):
    return ensemble_of(make_model)


@pytest.fixture(scope="module")
def channels():
    """Return noise on the network's own grid, so that no logits are interpolated."""
    return noise((16, 12, 8), (2.0, 2.0, 3.0))


def predicted(ensemble, channels, asked=ASKED, deadline=None, **options):
    options = {"effort": PLAIN, "uncertainty": True, "further": asked, **options}
    return start_prediction(ensemble, channels, deadline or Deadline.never(), **options).predict()


def turned(volume, axis, degrees, spacing_mm, centre):
    """Return a whole volume (c, z, y, x) turned about a place by scipy."""
    first, second = (each for each in range(3) if each != axis)
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(np.radians(degrees))
    turn[second, first] = np.sin(np.radians(degrees))
    turn[first, second] = -turn[second, first]
    matrix = np.linalg.inv(np.diag(spacing_mm)) @ turn @ np.diag(spacing_mm)
    offset = np.array(centre) - matrix @ centre
    return np.stack([affine_transform(each, matrix, offset, order=1, mode="nearest") for each in volume])


def logits_of_tile(ensemble, member, volume, box, spacing_mm):
    """Return a member's logits (k, *patch) of a tile, from the whole volume changed."""
    change, centre = member.change, [(part.start + part.stop - 1) / 2 for part in box]
    if isinstance(change, Noise):
        whole = tuple(slice(0, size) for size in volume.shape[1:])
        fields = [normal_noise(change.seed, c, whole, volume.shape[1:], torch.device("cpu")) for c in range(2)]
        volume = volume + NOISE_SIGMA * np.stack(fields)
    if isinstance(change, Rotation):
        volume = turned(volume, change.axis, change.degrees, spacing_mm, centre)
    tile = volume[(slice(None), *box)]
    is_flat = len(ensemble.bundle.configuration.patch_size) == 2
    axes = [axis + 1 + is_flat for axis in change.axes]
    given = torch.from_numpy(np.ascontiguousarray(np.flip(tile, axes), np.float32))
    network = ensemble.backend.networks[member.fold]
    seeds = member.seeds([tuple(part.start for part in box)])
    with torch.inference_mode(), with_dropout(network, seeds or [0]) if seeds else torch.inference_mode():
        logits = network((given[:, 0] if is_flat else given)[None])[0]
    logits = np.flip((logits[:, None] if is_flat else logits).numpy(), axes)
    if isinstance(change, Rotation):
        middle = [(size - 1) / 2 for size in logits.shape[1:]]
        logits = turned(logits, change.axis, -change.degrees, spacing_mm, middle)
    return logits


def naive_logits(ensemble, member, channels):
    """Return a member's logits (k, z, y, x), summed over tiles at full size in double precision."""
    bundle = ensemble.bundle
    placement = place(channels, bundle.plans, bundle.configuration)
    volume = preprocess(channels.array, placement, bundle.plans, bundle.configuration)
    patch_size = bundle.configuration.patch_size
    weights = gaussian(patch_size).double().numpy()
    tiling = Window(volume.shape[1:], patch_3d(patch_size), is_flat=len(patch_size) == 2).tiling(0.5)
    total, weight = np.zeros((ensemble.outputs, *volume.shape[1:])), np.zeros(volume.shape[1:])
    for start in tiling.starts:
        box = tiling.box(start)
        total[(slice(None), *box)] += weights * logits_of_tile(ensemble, member, volume, box, placement.network_mm)
        weight[box] += weights
    return total / weight


@pytest.mark.parametrize("model", [{}, {"configuration": "2d", "patch": (8, 8, 8)}], ids=["3d", "2d"])
def test_entropies_are_those_of_all_members_at_full_size(make_model, channels, model):
    ensemble = ensemble_of(make_model, **model)
    members, _ = further_members(ASKED, ensemble)
    assert {type(each.change) for each in members} == {Flip, Noise, Rotation}
    logits = [logits_of(only(ensemble, fold), channels).astype(float) for fold in FOLDS]
    logits += [naive_logits(ensemble, member, channels) for member in members]
    probabilities = softmax(np.stack(logits), axis=1)
    entropy = -xlogy(probabilities.mean(axis=0), probabilities.mean(axis=0)).sum(axis=0)
    own = -xlogy(probabilities, probabilities).sum(axis=1).mean(axis=0)

    found = predicted(ensemble, channels).uncertainty
    np.testing.assert_allclose(array_of(found.entropy), entropy, atol=1e-5)
    np.testing.assert_allclose(array_of(found.mutual_information), entropy - own, atol=1e-5)
    assert (found.table.members, found.table.dropout, found.table.tta) == (11, 2, 4)
    alone = predicted(ensemble, channels, FurtherMembers()).uncertainty
    assert np.abs(array_of(alone.entropy) - entropy).max() > 1e-3
    assert (alone.table.members, alone.table.dropout, alone.table.tta) == (5, 0, 0)


def test_the_label_map_is_the_same_and_a_repeat_has_the_same_bits(ensemble, channels):
    without = predicted(ensemble, channels, FurtherMembers())
    first, second = predicted(ensemble, channels), predicted(ensemble, channels)
    assert np.array_equal(array_of(first.label_map), array_of(without.label_map))
    assert np.array_equal(first.uncertainty.entropies, second.uncertainty.entropies)
    assert first.notes == without.notes == ()


def test_what_passes_together_does_not_matter(ensemble, channels, monkeypatch):
    together = predicted(ensemble, channels).uncertainty
    monkeypatch.setattr(TorchBackend, "copies_together", 1)
    monkeypatch.setattr(TorchBackend, "copies_a_turn", 1)
    alone = predicted(ensemble, channels).uncertainty
    np.testing.assert_allclose(alone.entropies, together.entropies, atol=1e-5)


def test_dropout_is_by_torch_where_openvino_runs_the_networks(make_model, ensemble, channels):
    pytest.importorskip("openvino")
    found = predicted(ensemble_of(make_model, "openvino"), channels)
    np.testing.assert_allclose(
        found.uncertainty.entropies, predicted(ensemble, channels).uncertainty.entropies, atol=1e-4
    )
    assert found.notes == ("openvino has no dropout: torch ran the 2 dropout passes.",)


def single_on_gpu(ensemble, *, is_resident=True):
    """Return the ensemble on the GPU, computing in float32 as the processor does."""
    on_gpu = load_ensemble(ensemble.bundle, device="cuda")
    backend = dataclasses.replace(on_gpu.backend, is_single=True, is_resident=is_resident)
    return dataclasses.replace(on_gpu, backend=backend)


@pytest.mark.parametrize("is_resident", [True, False], ids=["resident", "travelling"])
def test_on_a_gpu_they_are_the_processor_s(ensemble, channels, is_resident):
    expected = predicted(ensemble, channels)
    with PretendedGpu() as gpu:
        found = predicted(single_on_gpu(ensemble, is_resident=is_resident), channels)
        assert gpu.seeds
    np.testing.assert_allclose(found.uncertainty.entropies, expected.uncertainty.entropies, atol=1e-5)
    assert np.array_equal(array_of(found.label_map), array_of(expected.label_map))
    assert found.notes == ()


def test_on_a_gpu_memory_may_end_at_any_allocation(ensemble):
    channels = noise((16, 8, 4), (2.0, 2.0, 3.0))
    expected = predicted(ensemble, channels)
    with PretendedGpu() as gpu:
        single = single_on_gpu(ensemble)
        predicted(single, channels)  # the first case makes what the others find
        before = gpu.memory.allocations
        predicted(single, channels)
        count = gpu.memory.allocations - before
        for number in range(0, count, max(1, count // 12)):
            gpu.memory.fail_at = gpu.memory.allocations + number
            found = predicted(single, channels)
            assert np.array_equal(array_of(found.label_map), array_of(expected.label_map)), number
            difference = np.abs(found.uncertainty.entropies - expected.uncertainty.entropies).max()
            assert difference < 2e-3, number  # in half precision from there on
            assert any("was not enough" in note for note in found.notes)


def test_where_time_is_short_they_are_given_up_before_any_pass_of_a_fold(five, clock):
    channels, asked = noise((72, 32, 40), (1.0, 1.0, 2.0)), FurtherMembers(tta=4)
    tiles = predicted(five, channels, FurtherMembers(), uncertainty=False).effort_spent.tiles
    clock.now_s = 0.0
    some = predicted(five, channels, asked, Deadline(1.3 * 5 * tiles + 2 * tiles, 0, clock))
    assert (some.effort_spent.folds, some.effort_spent.tiles) == (5, tiles)
    assert clock.now_s < 8.5 * tiles
    assert any("of 4 members beyond the folds to end within" in note for note in some.notes)
    assert not any("folds to end" in note or "apart" in note for note in some.notes if "beyond" not in note)
    assert 5 <= some.uncertainty.table.members_seen < 9

    maps = []
    for each in (FurtherMembers(), asked):
        clock.now_s = 0.0
        short = predicted(five, channels, each, Deadline(4 * tiles, 0, clock))
        maps.append(array_of(short.label_map))
    assert any("4 members beyond the folds (dropout, test-time copies) were left out" in note for note in short.notes)
    assert short.uncertainty.table.members == 5
    assert np.array_equal(*maps)


def test_where_memory_is_scarce_half_of_them_go_after_single_precision(ensemble, channels, monkeypatch):
    placement = place(channels, ensemble.bundle.plans, ensemble.bundle.configuration)
    fastest = MemoryLayout.fastest(placement, ensemble.bundle, ensemble.backend)
    layouts = [dataclasses.replace(fastest, members=11, further=6)]
    while (smaller := layouts[-1].smaller()) is not None:
        layouts.append(smaller)
    assert [(each.members, each.further, each.members_in.itemsize) for each in layouts[:5]] == [
        (11, 6, 4), (11, 6, 2), (8, 3, 2), (6, 1, 2), (5, 0, 2),
    ]  # fmt: skip
    needs = [MemoryNeed.of(placement, ensemble.bundle, each) for each in layouts]
    totals = [max(each.preparing_gib, each.predicting_gib + each.labelling_gib) for each in needs]
    assert totals == sorted(totals, reverse=True)
    monkeypatch.setattr(predictor, "free_ram_gib", lambda: totals[2] * 1.0001)
    found = predicted(ensemble, channels)
    assert found.uncertainty.table.members == 8
    assert "Memory was enough for 3 of 6 members beyond the folds." in found.notes


@pytest.mark.parametrize(("shortages", "kept"), [(1, 4), (2, 2), (4, 0)])
def test_where_memory_ends_on_the_way_half_of_them_go(small_patch, shortages, kept):
    def fails(backend):
        if backend.passes >= 60 and backend.short:
            backend.short -= 1
            raise MemoryError

    backend = SimulatedBackend(Clock(), lambda _now_s: 0.001, fails=fails)
    backend.short = shortages
    found = predicted(Ensemble(small_patch, backend), noise((12, 12, 16)), FurtherMembers(tta=4))
    assert np.unique(array_of(found.label_map)).tolist() == [2]  # of logits fold + class
    probabilities = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()  # each member's
    expected = -(probabilities * np.log(probabilities)).sum()
    np.testing.assert_allclose(array_of(found.uncertainty.entropy), expected, atol=1e-3)
    told = f"Memory was enough for {kept} of 4 members beyond the folds."
    assert (told in found.notes) == (kept < 4)
