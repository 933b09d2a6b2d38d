"""3-D U-Net of Kutnár et al. as plans describe it, and as a bundle that each backend runs."""

import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional

from hnseg.errors import ModelError
from hnseg.imaging.channels import Channels
from hnseg.imaging.geometry import Grid
from hnseg.inference.backends.torch_backend import TorchBackend
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.architecture import UNET_3D, network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.networks.unet_3d import build_unet_3d
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.effort import Effort
from hnseg.inference.predictor import start_prediction
from tests.support.exported_bundles import seal
from tests.support.model_folders import change, change_architecture, change_configuration
from tests.support.tolerances import assert_same_logits

PUBLISHED = {
    "features_per_stage": [32, 64, 128, 256],
    "strides": [[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2]],
}
SMALL = {"features_per_stage": [4, 6, 8], "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]]}


def by_functions(weights, image, strides):
    """Return the only output z of the network with two classes, written down once more without a module."""

    def convolved(name, features, layer=functional.conv3d, **how):
        features = layer(features, weights[f"{name}.weight"], weights[f"{name}.bias"], **how)
        return functional.instance_norm(functional.leaky_relu(features, 0.1))

    def block(name, features):
        return convolved(f"{name}.conv2", convolved(f"{name}.conv1", features, padding=1), padding=1)

    features, skipped = block("down_blocks.0", image), []
    for at, stride in enumerate(strides[1:], start=1):
        skipped.append(features)
        features = block(f"down_blocks.{at}", functional.max_pool3d(features, stride))
    for at, stride in enumerate(strides[:0:-1]):
        upsampled = convolved(f"up_blocks.{at}.up", features, functional.conv_transpose3d, stride=stride)
        features = block(f"up_blocks.{at}", torch.cat([upsampled, skipped.pop()], 1))
    return functional.conv3d(features, weights["conv_final.weight"], weights["conv_final.bias"])


def initialised(classes, arguments, seed=0):
    torch.manual_seed(seed)
    network = build_unet_3d(input_channels=2, num_classes=classes, **arguments)
    return network.apply(network.initialize).eval()


@pytest.fixture
def bundle_folder(make_model, tmp_path):
    """Return an exported bundle of two folds of the small network, for one structure."""
    labels = {"background": 0, "recurrence": 1}
    folder = shutil.copytree(make_model(folds=(0, 1), exported=True, labels=labels), tmp_path / "model")
    change_architecture(folder, network_class_name=UNET_3D, arch_kwargs=SMALL, _kw_requires_import=[])
    for fold in (0, 1):
        save_file(initialised(2, SMALL, fold).state_dict(), folder / f"fold_{fold}.safetensors")
    seal(folder)
    return folder


def tile_of(bundle):
    shape = (1, 2, *bundle.configuration.patch_size)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_the_published_network_has_the_papers_number_of_parameters():
    with torch.device("meta"):
        network = build_unet_3d(input_channels=2, num_classes=2, **PUBLISHED)
    assert sum(parameter.numel() for parameter in network.parameters()) == 5_643_809
    never_called = sum(each.numel() for name, each in network.named_parameters() if ".conv0." in name)
    assert never_called == sum(deep * shallow + shallow for shallow, deep in pairwise(PUBLISHED["features_per_stage"]))
    assert never_called == 43_232
    # The paper's crop, 160 x 224 x 128 (x, y, z), in batches of two.
    assert network(torch.zeros(2, 2, 128, 224, 160, device="meta")).shape == (2, 2, 128, 224, 160)


@pytest.mark.numeric
@pytest.mark.parametrize("arguments", [SMALL, PUBLISHED], ids=["small", "published"])
def test_the_foregrounds_logit_is_the_papers_output_and_the_backgrounds_0(arguments):
    network = initialised(2, arguments)
    image = torch.randn(1, 2, 16, 16, 24, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        logits = network(image)
        expected = by_functions(network.state_dict(), image, arguments["strides"])
    assert not logits[:, 0].any()
    assert_same_logits(logits[:, 1:].numpy(), expected.numpy())


def test_softmax_is_the_sigmoid_and_the_largest_logit_its_half():
    logits = initialised(2, SMALL)(tile := torch.randn(1, 2, 4, 8, 8)).detach()
    sigmoid = logits[:, 1].sigmoid()
    assert tile.shape[2:] == sigmoid.shape[1:]
    torch.testing.assert_close(logits.softmax(1)[:, 1], sigmoid)
    assert torch.equal(logits.argmax(1) == 1, sigmoid > 0.5)
    assert 0 < (sigmoid > 0.5).float().mean() < 1


def test_further_classes_have_an_output_each():
    logits = initialised(4, SMALL)(torch.randn(1, 2, 4, 8, 8))
    assert logits.shape == (1, 4, 4, 8, 8)
    assert not logits[:, 0].any()
    assert all(logits[:, at].any() for at in (1, 2, 3))


def test_first_weights_are_hes_normal_and_biases_0():
    network = initialised(2, PUBLISHED)
    weight = network.down_blocks[3].conv2.weight  # 256 * 27 inputs a feature
    assert weight.detach().std().item() == pytest.approx((2 / (1 + 0.1**2) / (256 * 27)) ** 0.5, rel=0.01)
    assert not any(each.any() for name, each in network.named_parameters() if name.endswith("bias"))


def test_every_tensor_but_the_uncalled_ones_is_trained():
    network = initialised(2, SMALL).train()
    network(torch.randn(2, 2, 4, 8, 8))[:, 1].sigmoid().square().sum().backward()
    still = {name for name, each in network.named_parameters() if each.grad is None}
    assert still == {f"up_blocks.{at}.conv0.{kind}" for at in (0, 1) for kind in ("weight", "bias")}


@pytest.mark.numeric
def test_every_backend_gives_the_networks_logits(bundle_folder):
    pytest.importorskip("openvino")
    from hnseg.inference.backends.openvino_backend import OpenvinoBackend

    bundle = open_bundle(bundle_folder)
    for backend in (TorchBackend.load(bundle), OpenvinoBackend.load(bundle)):
        for fold in (0, 1):
            with torch.inference_mode():
                expected = by_functions(bundle.state_dicts[fold], tile_of(bundle), SMALL["strides"])
            found = backend.logits(fold, tile_of(bundle))
            assert_same_logits(found[:, 1:].numpy(), expected.numpy())
            assert not found[:, 0].any()


@pytest.mark.numeric
def test_a_case_of_several_tiles_has_the_same_logits_on_every_backend(bundle_folder):
    pytest.importorskip("openvino")
    bundle = open_bundle(bundle_folder)
    grid = Grid((37, 41, 11), (1.0, 1.0, 2.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    noise = np.random.default_rng(0).normal(size=(2, *grid.shape_zyx)).astype(np.float32)
    found = []
    for name in ("torch", "openvino"):
        ensemble: Ensemble = load_ensemble(bundle, device="cpu", backend=name)
        prediction = start_prediction(ensemble, Channels(noise, grid), Deadline.never(), effort=Effort(mirroring=False))
        found.append(np.stack([plane.mean for plane in prediction.planes()], axis=1))
    assert_same_logits(found[1], found[0])
    assert not found[0][0].any()
    assert found[0][1].any()


def test_a_patch_that_does_not_halve_is_refused(bundle_folder):
    change_configuration(bundle_folder, patch_size=[8, 30, 32])
    seal(bundle_folder)
    with pytest.raises(ModelError, match=r"a patch that its network takes, but \(8, 30, 32\) is none"):
        network_of(open_bundle(bundle_folder), 0)


def test_regions_are_refused(bundle_folder):
    def overlap(dataset):
        dataset.update(labels={"background": 0, "all": [1, 2], "core": 2}, regions_class_order=[1, 2])

    change(bundle_folder / "dataset.json", overlap)
    seal(bundle_folder)
    with pytest.raises(ModelError, match=r"an output for each region, but names hnseg\.inference\.networks"):
        network_of(open_bundle(bundle_folder), 0)


@pytest.mark.parametrize(
    ("arguments", "classes", "sentence"),
    [
        (SMALL, 1, "must have 2 classes or more, not 1"),
        ({**SMALL, "strides": SMALL["strides"][:2]}, 2, "each of 3 stages must have a stride"),
        ({**SMALL, "strides": [[2, 2, 2]] * 3}, 2, "the first of 1, not"),
    ],
)
def test_another_network_is_none(arguments, classes, sentence):
    with pytest.raises(ValueError, match=sentence):
        build_unet_3d(input_channels=2, num_classes=classes, **arguments)


def test_arguments_in_plans_that_make_none_are_refused_in_a_sentence(bundle_folder):
    plans = json.loads((bundle_folder / "plans.json").read_text())
    assert plans["configurations"]["3d_fullres"]["architecture"]["network_class_name"] == UNET_3D
    change_architecture(bundle_folder, arch_kwargs={**SMALL, "strides": [[1, 1, 1]]})
    seal(bundle_folder)
    with pytest.raises(ModelError, match=r"can build, but it can't \(each of 3 stages must have a stride"):
        network_of(open_bundle(bundle_folder), 0)
