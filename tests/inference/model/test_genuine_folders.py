"""Any genuine result folder works unchanged: the label map of each kind is nnU-Net's, with its sums in float32."""

import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.predictor import predict
from tests.support.genuine_folders import KINDS
from tests.support.nnunet_oracle import Oracle, float32_accumulators
from tests.support.tolerances import assert_same_labels, ties

pytestmark = pytest.mark.numeric

GRID = Grid((27, 31, 11), (1.1, 1.0, 3.2), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
BY_OPENVINO_TOO = {
    "channels last", "trained by nnUNetTrainerBN", "bottleneck blocks", "half precision", "before torch 1.6",
    "residual encoder and decoder", "GELU", "2-D", "the best checkpoint alone",
}  # fmt: skip


PAIRS = [(name, backend) for name in KINDS for backend in ("torch", "openvino")[: 1 + (name in BY_OPENVINO_TOO)]]


@pytest.fixture(scope="module")
def kind(request):
    return KINDS[request.param]


@pytest.fixture(scope="module")
def folders(kind, tmp_path_factory):
    """Return the folder as nnU-Net wrote it, and as it was changed afterwards."""
    genuine = kind.write(tmp_path_factory.mktemp("nnunet"))
    changed = shutil.copytree(genuine, tmp_path_factory.mktemp("changed") / genuine.name)
    kind.edit(changed)
    return genuine, changed


@pytest.fixture(scope="module")
def channels(folders):
    """Return smooth noise on an image of a few tiles, with a border of zeros."""
    rng = np.random.default_rng(11)
    names = open_bundle(folders[0]).channels
    array = np.zeros((len(names), *GRID.shape_zyx), np.float32)
    for channel in array:
        noise = sitk.GetImageFromArray(rng.normal(size=GRID.shape_zyx).astype(np.float32))
        channel[:, 2:-1, 1:-2] = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(noise, 1.5))[:, 2:-1, 1:-2]
    array *= 2000
    return Channels(np.clip(np.abs(array), 0, 255) if "rgb_to_0_1" in names else array, GRID)


@pytest.fixture(scope="module")
def expected(kind, folders, channels):
    """Return the label map of nnU-Net's predictor, and where rounding decides it."""
    genuine, changed = folders
    stock = Oracle.of(
        changed if kind.is_known_to_stock else genuine,
        kind.folds,
        mirroring=True,
        checkpoint=f"checkpoint_{kind.checkpoint if kind.is_known_to_stock else 'final'}.pth",
    )
    with float32_accumulators():
        label_map, logits = stock.predict(channels.array, channels.grid.spacing_zyx_mm)
    return label_map, ties(logits, has_regions=open_bundle(genuine).dataset.has_regions)


@pytest.mark.parametrize(("kind", "backend"), PAIRS, indirect=["kind"])
def test_the_label_map_is_nnunet_s(kind, folders, channels, expected, backend):
    if backend == "openvino":
        pytest.importorskip("openvino")
    bundle = open_bundle(folders[1], checkpoint="auto" if kind.checkpoint == "final" else kind.checkpoint)
    ensemble = load_ensemble(bundle, device="cpu", backend=backend)
    label_map, tied = expected
    assert len(np.unique(label_map)) > 1  # or the comparison would prove little
    assert_same_labels(sitk.GetArrayFromImage(predict(ensemble, channels).label_map), label_map, tied)
