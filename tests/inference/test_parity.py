"""The label map is nnU-Net's: on the same folders, against its own predictor.

nnU-Net sums over tiles in half precision on a CPU, which alone flips up to 0.8 % of voxels of untrained networks. So
the oracle is nnU-Net with its two sums in float32, and unmodified nnU-Net may differ from us in 2 % of voxels.
Untrained networks have near ties everywhere: trained ones are compared in test_precision.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import predict
from hnseg.inference.preprocessing.preprocess import place, preprocess
from tests.support.nnunet_oracle import Oracle, float32_accumulators
from tests.support.situations import FIVE, OBLIQUE, REGIONS, Situation
from tests.support.tolerances import assert_same_labels, ties

pytestmark = pytest.mark.numeric

ISOTROPIC = {"patch": (16, 24, 24), "spacing_mm": (1.5, 1.5, 1.5), "labels": FIVE, "channel_names": ["CT"]}
THICK = {"patch": (6, 32, 28), "spacing_mm": (5.0, 1.0, 1.0), "labels": FIVE}
SITUATIONS = {
    "isotropic, resampled both ways": Situation(ISOTROPIC, (21, 37, 29), (1.9, 1.1, 1.3)),
    "isotropic, on the network's own grid": Situation(ISOTROPIC, (19, 33, 31), (1.5, 1.5, 1.5), mirroring=True),
    "separate z, as thick": Situation(THICK, (9, 41, 37), (5.0, 0.8, 0.8)),
    "separate z, thinner": Situation(THICK, (15, 41, 33), (3.3, 0.9, 0.9)),
    "separate z, thicker, folds and mirrors": Situation(
        THICK, (6, 33, 35), (6.1, 0.93, 0.93), folds=(0, 1, 2), mirroring=True
    ),
    "thick image, isotropic model": Situation(ISOTROPIC, (7, 37, 33), (6.0, 1.2, 1.2)),
    "smaller than a patch": Situation(ISOTROPIC, (9, 13, 40), (1.5, 1.4, 1.5), mirroring=True),
    "thick along another axis than the model": Situation(THICK, (30, 37, 8), (1.0, 0.9, 5.0)),
    "transposed": Situation(
        {**THICK, "patch": (28, 32, 6), "spacing_mm": (1.0, 1.1, 5.0)}, (33, 37, 9), (0.9, 1.3, 4.0), mirroring=True
    ),
    "transposed, zero border": Situation(
        {**THICK, "patch": (28, 6, 32), "spacing_mm": (1.0, 5.0, 1.1)}, (38, 11, 43), (0.9, 4.0, 1.3), OBLIQUE, border=3
    ),
    "oblique direction, zero border": Situation(ISOTROPIC, (25, 36, 33), (1.4, 1.3, 1.3), OBLIQUE, border=5),
    "normalised inside a mask with a hole": Situation(
        {**ISOTROPIC, "channel_names": ["T1", "T2"], "cropped_to": 0.5},
        (23, 33, 31),
        (1.5, 1.3, 1.4),
        border=4,
        hole=True,
    ),
    "every normalisation": Situation(
        {**THICK, "channel_names": ["CT", "rescale_to_0_1", "rgb_to_0_1", "noNorm", "zscore"]},
        (7, 33, 30),
        (5.0, 0.9, 0.9),
    ),
    "2-D": Situation({**THICK, "configuration": "2d"}, (5, 41, 37), (4.2, 0.9, 0.9), mirroring=True),
    "2-D, several folds": Situation({**THICK, "configuration": "2d"}, (4, 30, 27), (5.0, 1.0, 1.0), folds=(0, 1)),
    "3d_lowres": Situation(
        {**ISOTROPIC, "patch": (40, 64, 64), "configuration": "3d_lowres", "largest_patch": 1e5},
        (40, 61, 63),
        (1.5, 1.5, 1.4),
    ),
    "residual encoder": Situation({**THICK, "planner": "resenc"}, (8, 33, 37), (5.0, 0.9, 0.9), mirroring=True),
    "residual encoder, isotropic": Situation({**ISOTROPIC, "planner": "resenc"}, (19, 27, 30), (1.6, 1.4, 1.4)),
    "resampled by torch": Situation({**ISOTROPIC, "planner": "torch"}, (19, 27, 30), (1.8, 1.4, 1.4)),
    "resampled by torch, separate z": Situation({**THICK, "planner": "torch"}, (8, 33, 37), (4.4, 0.9, 0.9)),
    "regions": Situation(
        {**ISOTROPIC, "labels": REGIONS, "regions_class_order": (1, 2, 3)}, (19, 33, 29), (1.7, 1.4, 1.4), border=2
    ),
    "regions and an ignore label": Situation(
        {**ISOTROPIC, "labels": {**REGIONS, "ignore": 4}, "regions_class_order": (1, 2, 3)},
        (19, 27, 29),
        (1.5, 1.4, 1.4),
    ),
    "an ignore label": Situation({**THICK, "labels": {**FIVE, "ignore": 5}}, (7, 33, 29), (5.0, 0.9, 0.9)),
}


@dataclass
class Expected:
    """Label maps of nnU-Net for one situation, with float32 sums and as it is; and where rounding decides."""

    oracle: np.ndarray
    stock: np.ndarray
    tied: np.ndarray = field(repr=False)


@dataclass
class Compared(Expected):
    """Label maps of nnU-Net and ours."""

    ours: np.ndarray
    label_map: sitk.Image = field(repr=False)


def channels_of(situation, count) -> Channels:
    """Return smooth noise in the range of CT, with a zero border and perhaps a hole."""
    rng = np.random.default_rng(7)
    array = np.stack([smooth_noise(rng, situation.shape) for _ in range(count)])
    if situation.model.get("channel_names", []) == ["CT"]:
        array = array * 200 + 60
    elif "rgb_to_0_1" in situation.model.get("channel_names", []):
        array = np.clip(np.abs(array) * 30, 0, 255)
    if situation.hole:
        array[:, 8:12, 12:20, 12:20] = 0
    if border := situation.border:
        inner = np.zeros_like(array)
        box = (slice(None), slice(border, -border + 1), slice(border - 1, -border), slice(border, -2))
        inner[box] = array[box]
        array = inner
    z, y, x = situation.shape
    grid = Grid((x, y, z), situation.spacing_mm[::-1], (-31.5, 12.25, 100.1), situation.direction)
    return Channels(array.astype(np.float32), grid)


def smooth_noise(rng, shape) -> np.ndarray:
    noise = sitk.GetImageFromArray(rng.normal(size=shape).astype(np.float32))
    return sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(noise, 1.5)) * 12


@pytest.fixture(scope="module", params=SITUATIONS, ids=lambda name: name)
def situation(request) -> Situation:
    return SITUATIONS[request.param]


@pytest.fixture(scope="module")
def folder(situation, make_model):
    return make_model(folds=situation.folds, **situation.model)


@pytest.fixture(scope="module")
def channels(situation, folder) -> Channels:
    return channels_of(situation, len(open_bundle(folder).channels))


@pytest.fixture(scope="module")
def expected(situation, folder, channels) -> Expected:
    oracle = Oracle.of(folder, situation.folds, mirroring=situation.mirroring)
    with float32_accumulators():
        label_map, logits = oracle.predict(channels.array, channels.grid.spacing_zyx_mm)
    stock, _ = oracle.predict(channels.array, channels.grid.spacing_zyx_mm)
    return Expected(label_map, stock, ties(logits, has_regions=open_bundle(folder).dataset.has_regions))


@pytest.fixture(scope="module", params=["torch", "openvino"])
def compared(request, situation, folder, channels, expected) -> Compared:
    if request.param == "openvino":
        pytest.importorskip("openvino")
    ensemble = load_ensemble(open_bundle(folder), device="cpu", backend=request.param)
    assert ensemble.backend.name == request.param
    predicted = predict(ensemble, channels, Deadline.never(), effort=Effort(mirroring=situation.mirroring))
    ours = sitk.GetArrayFromImage(predicted.label_map)
    return Compared(**vars(expected), ours=ours, label_map=predicted.label_map)


def test_the_label_map_is_that_of_nnunet(compared):
    counts = np.bincount(compared.oracle.ravel())
    assert counts.max() < 0.95 * counts.sum()  # or the comparison would prove little
    assert_same_labels(compared.ours, compared.oracle, compared.tied)


def test_unmodified_nnunet_differs_by_its_half_precision_only(compared):
    assert (compared.ours == compared.stock).mean() >= 0.98


def test_the_label_map_has_the_geometry_of_the_image(compared, channels):
    assert Grid.of(compared.label_map) == channels.grid
    assert compared.label_map.GetPixelID() == sitk.sitkUInt8


def test_the_network_s_input_is_that_of_nnunet(folder, channels):
    bundle = open_bundle(folder)
    expected, _ = Oracle.of(folder, (0,), mirroring=False).preprocess(channels.array, channels.grid.spacing_zyx_mm)
    placement = place(channels, bundle.plans, bundle.configuration)
    ours = preprocess(channels.array, placement, bundle.plans, bundle.configuration)
    assert ours.shape == expected.shape
    for channel, wanted in zip(ours, expected, strict=True):
        # A cubic spline weighs 4 * 4 * 4 voxels after a filter along each axis; measured: 5 roundings.
        np.testing.assert_allclose(channel, wanted, rtol=0, atol=64 * 2.0**-23 * np.abs(wanted).max())
