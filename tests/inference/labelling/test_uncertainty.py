"""Uncertainty of an ensemble, beside a naive computation with every member's classes at full size."""

import dataclasses

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.special import expit, softmax, xlogy

from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference import predictor
from hnseg.inference.labelling.uncertainty import NO_MEMORY, NOT_GRADUAL, OF_THE_MEAN
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.nnunet_resampling import Spline
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.memory import MemoryLayout, MemoryNeed
from hnseg.inference.predictor import start_prediction
from hnseg.inference.preprocessing.preprocess import place
from hnseg.inference.preprocessing.resampling import resample
from tests.support.pretended_gpu import PretendedGpu
from tests.support.small_ensembles import PLAIN, logits_of, noise, only

pytestmark = pytest.mark.numeric

FOLDS = (0, 1, 2, 3, 4)
SMALL = {"folds": FOLDS, "patch": (4, 8, 8), "spacing_mm": (3.0, 2.0, 2.0)}
MANY = {"background": 0, **{f"l{label}": label for label in range(1, 31)}}  # as HaN-Seg has
MODELS = {
    "classes": {**SMALL, "labels": MANY, "patch": (8, 8, 4), "spacing_mm": (2.0, 2.0, 3.0)},  # axes are transposed
    "regions": {**SMALL, "labels": {"background": 0, "whole": [1, 2], "core": 2}, "regions_class_order": (1, 2)},
    "flat": {**SMALL, "labels": MANY, "configuration": "2d"},
}


def ensemble_of(make_model, backend="torch", model="classes"):
    return load_ensemble(open_bundle(make_model(**MODELS[model])), device="cpu", backend=backend)


@pytest.fixture(scope="module")
def classes(make_model):
    return ensemble_of(make_model)


def image(size_xyz=(25, 21, 7), spacing_mm=(1.1, 1.3, 4.5)):
    """Return noise with margins of zeros, which are cropped, on an anisotropic grid."""
    channels = noise(size_xyz, spacing_mm)
    channels.array[:, :1] = channels.array[..., :3] = 0
    return channels


def predicted(ensemble, channels, **options):
    options = {"effort": PLAIN, "uncertainty": True, **options}
    return start_prediction(ensemble, channels, options.pop("deadline", Deadline.never()), **options).predict()


def naive(ensemble, channels):
    """Return the probabilities (m, k, z, y, x) of each member on the image's grid, from its logits at full size."""
    bundle = ensemble.bundle
    has_regions = bundle.dataset.has_regions
    placement = place(channels, bundle.plans, bundle.configuration)
    layout = MemoryLayout.fastest(placement, bundle, ensemble.backend)
    probabilities = np.zeros((len(FOLDS), ensemble.outputs, *channels.grid.shape_zyx))
    if not has_regions:
        probabilities[:, 0] = 1
    for fold in FOLDS:
        spacings = {"from_mm": placement.network_mm, "to_mm": placement.image_mm}
        resampling = bundle.configuration.resampling_of_logits
        logits = np.stack([
            resample(np.ascontiguousarray(volume), placement.cropped_shape, resampling, **spacings)
            for volume in logits_of(only(ensemble, fold), channels).swapaxes(1, 1 + layout.rolls_along)
        ]).astype(float)  # fmt: skip
        crop = probabilities[fold].transpose(0, *(1 + axis for axis in placement.transpose))
        crop[(slice(None), *placement.crop)] = expit(logits) if has_regions else softmax(logits, axis=0)
    return probabilities


def entropy_of(probabilities, axis, *, has_regions):
    entropies = -xlogy(probabilities, probabilities)
    if has_regions:
        entropies -= xlogy(1 - probabilities, 1 - probabilities)
    return entropies.sum(axis=axis)


@pytest.mark.parametrize("model", MODELS)
def test_entropies_and_volumes_are_those_of_all_members_at_full_size(make_model, model):
    ensemble, channels = ensemble_of(make_model, model=model), image()
    members, has_regions = naive(ensemble, channels), ensemble.bundle.dataset.has_regions
    entropy = entropy_of(members.mean(axis=0), 0, has_regions=has_regions)
    mutual_information = entropy - entropy_of(members, 1, has_regions=has_regions).mean(axis=0)
    result = predicted(ensemble, channels)
    found = result.uncertainty
    assert entropy.max() > 0.3
    assert mutual_information.max() > 1e-3
    np.testing.assert_allclose(array_of(found.entropy), entropy, atol=1e-5)
    np.testing.assert_allclose(array_of(found.mutual_information), mutual_information, atol=1e-5)
    assert found.entropy.GetPixelID() == sitk.sitkFloat32
    assert Grid.of(found.entropy) == channels.grid

    voxel_ml = channels.grid.voxel_volume_mm3 / 1000
    names = ensemble.bundle.dataset.output_names
    assert set(found.table.structures) == set(names if has_regions else names[1:])
    masks = (
        members > 0.5 if has_regions else members.argmax(axis=1)[:, None] == np.arange(len(names))[:, None, None, None]
    )
    for name, table in found.table.structures.items():
        volumes = masks[:, names.index(name)].sum(axis=(1, 2, 3)) * voxel_ml
        wanted = np.percentile(volumes, [5, 95])
        assert (table.volume_p5_ml, table.volume_p95_ml) == pytest.approx(wanted, abs=3 * voxel_ml)  # near ties
    if not has_regions:
        labels = array_of(result.label_map)
        for value, name in enumerate(names[1:], start=1):
            assert found.table.structures[name].volume_ml == pytest.approx((labels == value).sum() * voxel_ml, abs=1e-4)
    assert result.record["uncertainty"]["members"] == len(FOLDS)


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_the_label_map_is_the_same_bit_for_bit(make_model, classes, backend):
    if backend == "openvino":
        pytest.importorskip("openvino")
    ensemble, channels = ensemble_of(make_model, backend), image()
    without, with_it = (predicted(ensemble, channels, uncertainty=asked) for asked in (False, True))
    assert np.array_equal(array_of(without.label_map), array_of(with_it.label_map))
    assert len(np.unique(array_of(without.label_map))) > 2
    assert without.uncertainty is None
    assert "uncertainty" not in without.record
    by_torch = predicted(classes, channels).uncertainty.entropies
    np.testing.assert_allclose(with_it.uncertainty.entropies, by_torch, atol=1e-4)


def test_sums_of_members_go_to_half_precision_where_memory_is_scarce_and_are_given_up_last(classes, monkeypatch):
    channels = image()
    exact = predicted(classes, channels)
    bundle = classes.bundle
    placement = place(channels, bundle.plans, bundle.configuration)
    fastest = MemoryLayout.fastest(placement, bundle, classes.backend)
    layouts = [dataclasses.replace(fastest, members=len(FOLDS))]
    while (smaller := layouts[-1].smaller()) is not None:
        layouts.append(smaller)
    needs = [total_gib(MemoryNeed.of(placement, bundle, each)) for each in layouts]
    assert needs == sorted(needs, reverse=True)

    monkeypatch.setattr(predictor, "free_ram_gib", lambda: needs[1] * 1.001)
    half = predicted(classes, channels)
    assert any("summed in float16" in note for note in half.notes)
    assert np.array_equal(array_of(half.label_map), array_of(exact.label_map))
    difference = np.abs(half.uncertainty.entropies - exact.uncertainty.entropies).max()
    assert 0 < difference < 1e-3

    monkeypatch.setattr(predictor, "free_ram_gib", lambda: needs[-1] * 1.001)
    without = predicted(classes, channels)
    assert without.uncertainty is None
    assert NO_MEMORY in without.notes
    assert np.mean(array_of(without.label_map) == array_of(exact.label_map)) > 0.99  # copies pass one by one


def total_gib(need):
    return max(need.preparing_gib, need.predicting_gib + need.labelling_gib)


def test_a_model_whose_logits_are_resampled_by_higher_splines_has_a_label_map_without(classes):
    configuration = classes.bundle.configuration.model_copy(update={"resampling_of_logits": Spline(order=3)})
    cubic = dataclasses.replace(classes, bundle=dataclasses.replace(classes.bundle, configuration=configuration))
    result = predicted(cubic, image())
    assert result.uncertainty is None
    assert NOT_GRADUAL in result.notes
    assert result.entropy is None


def mean_entropy(ensemble, channels, *, order=1):
    """Return the entropy of the classes by the ensemble's mean logits, at full size."""
    bundle = ensemble.bundle
    placement = place(channels, bundle.plans, bundle.configuration)
    layout = MemoryLayout.fastest(placement, bundle, ensemble.backend)
    logits = logits_of(ensemble, channels).swapaxes(1, 1 + layout.rolls_along)
    spacings = {"from_mm": placement.network_mm, "to_mm": placement.image_mm}
    resampling = Spline(order=order) if order > 1 else bundle.configuration.resampling_of_logits
    resampled = np.stack([
        resample(np.ascontiguousarray(each), placement.cropped_shape, resampling, **spacings) for each in logits
    ])  # fmt: skip
    entropy = np.zeros(channels.grid.shape_zyx)
    crop = entropy.transpose(placement.transpose)[placement.crop]
    crop[...] = entropy_of(softmax(resampled.astype(float), axis=0), 0, has_regions=False)
    return entropy


def test_an_entropy_that_must_be_there_is_that_of_the_mean_logits_where_logits_are_resampled_by_splines(classes):
    configuration = classes.bundle.configuration.model_copy(update={"resampling_of_logits": Spline(order=3)})
    cubic = dataclasses.replace(classes, bundle=dataclasses.replace(classes.bundle, configuration=configuration))
    channels = image()
    result = predicted(cubic, channels, entropy=True)
    assert result.uncertainty is None
    assert OF_THE_MEAN in result.notes
    np.testing.assert_allclose(array_of(result.entropy), mean_entropy(cubic, channels, order=3), atol=1e-4)
    assert Grid.of(result.entropy) == channels.grid


def test_an_entropy_that_must_be_there_is_that_of_the_mean_logits_where_memory_is_scarce(classes, monkeypatch):
    channels = image()
    with_members = predicted(classes, channels, entropy=True)
    assert np.array_equal(array_of(with_members.entropy), array_of(with_members.uncertainty.entropy))
    assert OF_THE_MEAN not in with_members.notes

    placement = place(channels, classes.bundle.plans, classes.bundle.configuration)
    layout = dataclasses.replace(MemoryLayout.fastest(placement, classes.bundle, classes.backend), entropy=True)
    while (smaller := layout.smaller()) is not None:
        layout = smaller
    need_gib = total_gib(MemoryNeed.of(placement, classes.bundle, layout))
    monkeypatch.setattr(predictor, "free_ram_gib", lambda: need_gib * 1.001)
    scarce = predicted(classes, channels, entropy=True)
    assert (scarce.uncertainty, OF_THE_MEAN in scarce.notes, NO_MEMORY in scarce.notes) == (None, True, False)
    np.testing.assert_allclose(array_of(scarce.entropy), mean_entropy(classes, channels), atol=1e-4)


def test_where_members_are_given_up_on_the_way_the_rest_is_that_of_the_mean_logits(classes):
    channels = image()
    prediction = start_prediction(classes, channels, Deadline.never(), effort=PLAIN, uncertainty=True, entropy=True)
    planes = list(prediction.planes())
    half = len(planes) // 2
    bare = [dataclasses.replace(plane, members=None) for plane in planes[half:]]
    target = prediction.uncertainty_map
    list(target.beside([*planes[:half], *bare]))
    found = array_of(target.entropy())
    list(target.beside(planes))
    of_members, of_mean = array_of(target.entropy()), mean_entropy(classes, channels)
    is_of_members = np.isclose(found, of_members, atol=1e-5)
    is_of_mean = np.isclose(found, of_mean, atol=1e-4)
    assert (is_of_members | is_of_mean).all()
    assert not is_of_members.all()
    assert not is_of_mean.all()


def test_where_time_is_short_the_members_that_saw_count(five, clock):
    channels = noise((72, 32, 40), (1.0, 1.0, 2.0))
    result = predicted(five, channels, deadline=Deadline(60, 0, clock))
    table = result.uncertainty.table
    assert result.effort_spent.folds < 5
    assert 1 <= table.members_seen < 5
    assert any("members of the ensemble on average" in note for note in result.notes)
    found = array_of(result.uncertainty.entropy)
    assert np.isfinite(found).all()
    assert found.max() > 0.1


def test_on_a_gpu_it_is_the_processor_s(classes):
    channels = image((14, 12, 5))
    expected = predicted(classes, channels)
    with PretendedGpu():
        ensemble = load_ensemble(classes.bundle, device="cuda")
        single = dataclasses.replace(ensemble, backend=dataclasses.replace(ensemble.backend, is_single=True))
        found = predicted(single, channels)
    assert np.array_equal(array_of(found.label_map), array_of(expected.label_map))
    np.testing.assert_allclose(found.uncertainty.entropies, expected.uncertainty.entropies, atol=1e-5)
