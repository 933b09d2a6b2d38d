"""Folds of any trainer as graphs give nnU-Net's label map, by both libraries that run them."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.predictor import predict
from tests.support.graph_bundles import findable, write_graph_bundle
from tests.support.nnunet_oracle import Oracle, float32_accumulators

pytestmark = pytest.mark.numeric

TRAINERS = ["nnUNetTrainer", "nnUNetTrainerOwn", "nnUNet_Primus_S_Trainer"]


@pytest.fixture(scope="module")
def channels() -> Channels:
    noise = np.random.default_rng(7).normal(size=(2, 21, 33, 29)).astype(np.float32)
    smooth = [sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(each), 1.5) for each in noise]
    array = 12 * np.stack([sitk.GetArrayFromImage(each) for each in smooth])
    return Channels(array * 100 + 50, Grid((29, 33, 21), (1.3, 1.1, 1.9), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1)))


@pytest.fixture(scope="module", params=TRAINERS)
def folders(request, tmp_path_factory):
    return write_graph_bundle(request.param, tmp_path_factory.mktemp("graphs"))


@pytest.fixture(scope="module")
def expected(folders, channels):
    with findable(), float32_accumulators():
        return Oracle.of(folders[0], (0, 1), mirroring=True).predict(channels.array, channels.grid.spacing_zyx_mm)[0]


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_the_label_map_is_that_of_nnunet(backend, folders, expected, channels):
    pytest.importorskip(backend)
    ensemble = load_ensemble(open_bundle(folders[1]), device="cpu", backend=backend)
    assert ensemble.backend.name == backend
    found = sitk.GetArrayFromImage(predict(ensemble, channels, Deadline.never()).label_map)
    assert len(np.unique(expected)) == 3
    assert (found == expected).mean() >= 0.9999
