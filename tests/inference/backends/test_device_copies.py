"""Copies of networks on a GPU: each tensor once, tied as before, in the type that autocast computes in."""

import pytest
import torch

from hnseg.inference.backends.device_copies import copy_on, size_gib
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.machine import GIB
from tests.support.pretended_gpu import PretendedGpu

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(scope="module")
def network(make_model):
    return network_of(open_bundle(make_model()), 0)


@pytest.fixture
def tile():
    return torch.randn((1, 2, 8, 32, 32), generator=torch.Generator().manual_seed(0))


def own_bytes(network):
    return sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))


def test_each_tensor_travels_once_whatever_number_of_names_it_has(network):
    names, tensors = network.state_dict(keep_vars=True), [*network.parameters(), *network.buffers()]
    assert len(names) > 2 * len(tensors)
    with PretendedGpu() as gpu:
        copied = copy_on(network, GPU, torch.float32)
        assert len(gpu.to_device) == len(tensors)
        assert sum(copy.nbytes for copy in gpu.to_device) == own_bytes(network)
        assert {tensor.device.type for tensor in copied.parameters()} == {"cuda"}
        assert len({id(tensor) for tensor in copied.state_dict(keep_vars=True).values()}) == len(tensors)
        assert {tensor.device.type for tensor in network.parameters()} == {"cpu"}


def test_a_copy_gives_the_same_logits_bit_for_bit(network, tile):
    with torch.inference_mode():
        expected = network(tile)
        with PretendedGpu():
            found = copy_on(network, GPU, torch.float32)(tile.to(GPU)).cpu()
    assert torch.equal(found, expected)


def test_weights_in_half_precision_give_what_autocast_makes_of_them_every_pass(network, tile):
    copied = copy_on(network, CPU, torch.float16)
    types = {type(layer).__name__: layer.weight.dtype for layer in copied.modules() if hasattr(layer, "weight")}
    assert types == {"Conv3d": torch.float16, "ConvTranspose3d": torch.float16, "InstanceNorm3d": torch.float32}
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.float16):
        assert torch.equal(copied(tile), network(tile))
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}


def test_the_size_is_what_the_copy_takes(network):
    for arithmetic in (torch.float32, torch.float16):
        copied = copy_on(network, CPU, arithmetic)
        assert size_gib([network, network], arithmetic) == pytest.approx(2 * own_bytes(copied) / GIB)
