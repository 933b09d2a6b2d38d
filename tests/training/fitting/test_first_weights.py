"""First weights of a network: of a checkpoint or a model folder, of the same network or of one with fewer channels."""

import pytest
import torch

from hnseg.errors import ModelError
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.networks.unet_3d import build_unet_3d
from hnseg_training.fitting.first_weights import load_first_weights
from tests.support.onnx_graphs import with_graphs


@pytest.fixture
def network(make_model):
    """Return an untrained network of two channels, whose weights may be changed."""
    made = network_of(open_bundle(make_model(folds=(0, 1))), 0)
    made.load_state_dict({name: torch.zeros_like(tensor) for name, tensor in made.state_dict().items()})
    return made


@pytest.fixture
def clicked(make_model):
    """Return an untrained network with two channels more."""
    return network_of(open_bundle(make_model(channel_names=["T2w", "noNorm", "noNorm", "noNorm"])), 0)


def test_a_checkpoint_of_the_same_network_is_loaded(network, make_model):
    folder = make_model(folds=(0, 1))
    load_first_weights(network, folder / "fold_1" / "checkpoint_final.pth", 0)
    wanted = network_of(open_bundle(folder, folds=[1]), 0).state_dict()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in network.state_dict().items())


@pytest.mark.parametrize("exported", [False, True])
def test_of_a_model_folder_each_fold_takes_its_own(network, make_model, exported):
    folder = make_model(folds=(0, 1), exported=exported)
    load_first_weights(network, folder, 1)
    wanted = network_of(open_bundle(folder, folds=[1]), 0).state_dict()
    assert all(torch.equal(tensor, wanted[name]) for name, tensor in network.state_dict().items())


def test_a_network_with_clicks_begins_as_the_one_without(network, clicked, make_model):
    load_first_weights(network, make_model(folds=(0, 1)), 0)
    load_first_weights(clicked, make_model(folds=(0, 1), exported=True), 0)
    images = torch.randn(1, 2, 8, 32, 32, generator=torch.Generator().manual_seed(0))
    clicks = torch.randn(1, 2, 8, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        without, with_clicks = network(images), clicked(torch.cat([images, clicks], 1))
    torch.testing.assert_close(with_clicks, without, rtol=0, atol=1e-5)


def test_another_network_is_refused(network, make_model):
    folder = make_model(channel_names=["T2w", "noNorm", "noNorm", "noNorm"])  # more channels than there are
    with pytest.raises(ModelError, match=r"can only start from weights of the same network, but .* has the shape"):
        load_first_weights(network, folder, 0)


def test_the_last_layer_of_a_u_net_for_another_number_of_structures_keeps_its_own_weights(tmp_path):
    levels = {"input_channels": 2, "features_per_stage": (4, 8), "strides": ((1, 1, 1), (2, 2, 2))}
    one, two = (build_unet_3d(num_classes=classes, **levels) for classes in (2, 3))
    own = {name: tensor.clone() for name, tensor in one.state_dict().items()}
    checkpoint = {"network_weights": two.state_dict(), "init_args": {"configuration": "3d_fullres"}}
    torch.save(checkpoint, tmp_path / "checkpoint_final.pth")
    load_first_weights(one, tmp_path / "checkpoint_final.pth", 0)
    for name, tensor in one.state_dict().items():
        assert torch.equal(tensor, (own if name.startswith("conv_final") else two.state_dict())[name])


def test_graphs_are_no_weights_to_begin_with(network, make_model, tmp_path):
    folder = with_graphs(make_model(folds=(0, 1), exported=True), tmp_path / "graphs")
    with pytest.raises(ModelError, match=r"only start from weights by .* holds graphs of nnUNetTrainerOwn"):
        load_first_weights(network, folder, 0)
