"""A cascade's label map is nnU-Net's: its second stage gets the very channels that nnU-Net gives it.

Untrained networks have near ties everywhere, and one voxel of the first stage that rounding decides changes the input
of the second; so whole cascades are compared by the share of voxels that agree, and the input voxel by voxel.
"""

import json
import shutil
from dataclasses import dataclass

import numpy as np
import pytest
import SimpleITK as sitk

import hnseg
from hnseg.errors import DeadlineError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid, array_of
from hnseg.inference.cascade.first_stage import NO_FIRST_STAGE, predict_first_stage
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict, start_prediction
from hnseg.inference.preprocessing.preprocess import place, preprocess
from hnseg.inference.preprocessing.previous_labels import PreviousLabels
from tests.support.nnunet_oracle import Oracle, Wanted, float32_accumulators, write_cascade
from tests.support.situations import FIVE, OBLIQUE, REGIONS, STRAIGHT, Situation
from tests.support.small_ensembles import PassClock

pytestmark = pytest.mark.numeric

CUBE = {
    "patch": (24, 36, 36),
    "spacing_mm": (1.5, 1.5, 1.5),
    "labels": FIVE,
    "channel_names": ["CT"],
    "largest_patch": 2e4,
}
PLAIN = Effort(mirroring=False)


SITUATIONS = {
    "transposed, zero border": Situation(
        {**CUBE, "patch": (48, 10, 56), "spacing_mm": (1.0, 5.0, 1.1)}, (38, 11, 43), (1.1, 4.0, 1.3), OBLIQUE, 3
    ),
    "normalised inside a mask": Situation(
        {**CUBE, "channel_names": ["T1", "T2"], "cropped_to": 0.5}, (20, 31, 27), (1.5, 1.4, 1.4), border=4
    ),
    "regions and an ignore label": Situation(
        {**CUBE, "labels": {**REGIONS, "ignore": 4}, "regions_class_order": (1, 2, 3)},
        (20, 27, 25),
        (1.5, 1.4, 1.4),
        border=2,
    ),
    "thick, resampled by torch": Situation(
        {**CUBE, "patch": (10, 56, 48), "spacing_mm": (5.0, 1.0, 1.0), "planner": "torch", "largest_patch": 5e4},
        (9, 40, 37),
        (5.0, 1.3, 1.2),
        border=2,
    ),
}


@dataclass(frozen=True)
class Expected:
    """Label maps (z, y, x) of both stages by nnU-Net with float32 sums, and what its second network got."""

    first: np.ndarray
    second: np.ndarray
    network_input: np.ndarray


@pytest.fixture(scope="module", params=SITUATIONS, ids=lambda name: name)
def situation(request):
    return SITUATIONS[request.param]


@pytest.fixture(scope="module")
def folder(situation, tmp_path_factory):
    return write_cascade(Wanted(**situation.model), (0,), tmp_path_factory.mktemp("cascade"))


@pytest.fixture(scope="module")
def channels(situation) -> Channels:
    rng = np.random.default_rng(7)
    noise = rng.normal(size=(len(situation.model["channel_names"]), *situation.shape)).astype(np.float32)
    smooth = [sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(each), 1.5) for each in noise]
    array = np.stack([sitk.GetArrayFromImage(each) for each in smooth]) * 2400 + 60
    if border := situation.border:
        inner = np.zeros_like(array)
        box = (slice(None), slice(border, -border + 1), slice(border - 1, -border), slice(border, -2))
        inner[box] = array[box]
        inner[:, situation.shape[0] // 2, : border + 2, : border + 3] = 0  # a dent, so that the box is not all inside
        array = inner
    z, y, x = situation.shape
    grid = Grid((x, y, z), situation.spacing_mm[::-1], (-31.5, 12.25, 100.1), situation.direction)
    return Channels(array.astype(np.float32), grid)


@pytest.fixture(scope="module")
def expected(folder, channels) -> Expected:
    spacing_mm = channels.grid.spacing_zyx_mm
    with float32_accumulators():
        first, _ = Oracle.of(first_folder(folder), (0,), mirroring=False).predict(channels.array, spacing_mm)
        oracle = Oracle.of(folder, (0,), mirroring=False)
        given = first[None].astype(np.float32)
        second = oracle.predictor.predict_single_npy_array(channels.array, {"spacing": list(spacing_mm)}, given)
    return Expected(first, second, oracle.preprocess(channels.array, spacing_mm, first)[0])


def first_folder(folder):
    return folder.with_name(folder.name.replace("3d_cascade_fullres", "3d_lowres"))


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_the_label_map_is_that_of_nnunet(folder, channels, expected, backend):
    if backend == "openvino":
        pytest.importorskip("openvino")
    counts = np.bincount(expected.second.ravel())
    assert counts.max() < 0.95 * counts.sum()
    assert len(np.unique(expected.first)) > 2
    ensemble = load_ensemble(open_bundle(folder), device="cpu", backend=backend)
    predicted = predict(ensemble, channels, effort=PLAIN)
    assert (array_of(predicted.label_map) == expected.second).mean() >= 0.9999
    assert Grid.of(predicted.label_map) == channels.grid
    assert predicted.record["previous_stage"]["configuration"] == "3d_lowres"


def test_the_second_network_gets_the_channels_of_nnunet(folder, channels, expected):
    bundle = open_bundle(folder)
    placement = place(channels, bundle.plans, bundle.configuration)
    previous = PreviousLabels(expected.first, bundle.previous_labels)
    ours = preprocess(channels.array, placement, bundle.plans, bundle.configuration, previous)
    images = len(channels.array)
    assert ours.shape == expected.network_input.shape == (bundle.network_channels, *placement.network_shape)
    np.testing.assert_array_equal(ours[images:], expected.network_input[images:])
    for channel, wanted in zip(ours[:images], expected.network_input[:images], strict=True):
        np.testing.assert_allclose(channel, wanted, rtol=0, atol=64 * 2.0**-23 * np.abs(wanted).max())


@pytest.fixture(scope="module")
def cube(tmp_path_factory):
    return write_cascade(Wanted(**CUBE), (0,), tmp_path_factory.mktemp("cube"))


@pytest.fixture(scope="module")
def ensemble(cube):
    return load_ensemble(open_bundle(cube), device="cpu", backend="torch")


@pytest.fixture
def noise():
    grid = Grid((25, 27, 20), (1.4, 1.4, 1.5), (0.0, 0.0, 0.0), STRAIGHT)
    return Channels(np.random.default_rng(3).normal(60, 200, (1, *grid.shape_zyx)).astype(np.float32), grid)


def test_files_of_nnunet_s_first_stage_lead_to_the_label_map_of_its_command(cube, ensemble, noise, tmp_path):
    image = sitk.GetImageFromArray(noise.array[0])
    image.SetSpacing(noise.grid.spacing_mm)
    case = str(tmp_path / "case_0000.nii.gz")
    sitk.WriteImage(image, case)
    with float32_accumulators():
        for model, output, previous in ((first_folder(cube), "first", None), (cube, "second", str(tmp_path / "first"))):
            (tmp_path / output).mkdir()
            Oracle.of(model, (0,), mirroring=False).predictor.predict_from_files_sequential(
                [[case]],
                [str(tmp_path / output / "case")],
                folder_with_segs_from_prev_stage=previous,
            )
    expected = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "second" / "case.nii.gz")))
    read = sitk.ReadImage(case)
    ours = hnseg.predict(ensemble, [read], effort=PLAIN)
    assert (array_of(ours.label_map) == expected).mean() >= 0.9999


def test_a_model_that_is_no_cascade_has_no_first_stage(ensemble, noise):
    never = Deadline.never()
    alone = ensemble.previous
    assert predict_first_stage(start_prediction, alone, noise, never, effort=PLAIN, progress=None) is NO_FIRST_STAGE


def test_both_stages_tell_their_share_of_the_work(ensemble, noise):
    told = []
    prediction = start_prediction(ensemble, noise, Deadline.never(), effort=PLAIN, progress=told.append)
    between = len(told)
    prediction.predict()
    shares = [work.share for work in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert 0 < shares[between - 1] < 1
    assert shares[between] == shares[between - 1]  # the first ends where the second begins
    assert [work.stage for work in told] == ["first stage"] * between + [""] * (len(told) - between)


def test_each_stage_says_what_it_gave_up(ensemble, noise):
    clock = PassClock([*ensemble.backend.networks, *ensemble.previous.backend.networks])
    full = predict(ensemble, noise, effort=PLAIN)
    needed_s = full.effort_spent.passes + full.previous_stage["effort_spent"]["passes"]
    clock.now_s = 0.0
    short = predict(ensemble, noise, Deadline(2.0 * needed_s, 0.0, clock), effort=Effort(mirroring=True))
    for hook in clock.hooks:
        hook.remove()
    assert clock.now_s <= 2 * needed_s
    assert any(note.startswith("First stage of the cascade, 3d_lowres: ") for note in short.notes)
    assert any(not note.startswith("First stage") and "to end within" in note for note in short.notes)


def test_a_first_stage_without_time_fails_in_a_sentence(ensemble, noise):
    clock = PassClock([*ensemble.backend.networks, *ensemble.previous.backend.networks])
    with pytest.raises(DeadlineError, match=r"over in the first stage of the cascade, 3d_lowres, which had .* s"):
        predict(ensemble, noise, Deadline(3.0, 0.0, clock), effort=PLAIN)
    for hook in clock.hooks:
        hook.remove()


def test_the_first_stage_beside_is_noted_and_the_one_inside_is_not(cube, ensemble, tmp_path):
    beside = f"The first stage of the cascade is {first_folder(cube).name}, beside the model folder"
    assert any(note.startswith(beside) for note in ensemble.notes)
    inside = tmp_path / "model"
    shutil.copytree(cube, inside)
    shutil.copytree(first_folder(cube), inside / "previous")
    opened = open_bundle(inside)
    assert load_ensemble(opened, device="cpu", backend="torch").notes == ()
    assert {name for name in opened.sha256 if name.startswith("previous/")} == {
        "previous/plans.json",
        "previous/dataset.json",
        "previous/fold_0/checkpoint_final.pth",
    }
    assert json.dumps(dict(opened.sha256))
