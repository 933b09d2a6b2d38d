import torch

from hnseg_training.fitting.expected.planned_network import planned_network
from hnseg_training.fitting.preset import PRESETS


def test_the_network_is_that_of_the_plans(planned):
    network = planned_network(planned, PRESETS["demo"])
    assert (network.name, network.features, network.divisors_zyx) == ("PlainConvUNet", (8, 16, 24, 32), (4, 8, 8))
    assert network.shape == (2, 2, 16, 64, 64)
    with torch.device("meta"):
        outputs = network.build()(torch.empty(network.shape))
    assert [tuple(output.shape) for output in outputs][:2] == [(2, 3, 16, 64, 64), (2, 3, 16, 32, 32)]


def test_channels_of_clicks_are_counted(uiseg, tiny_uiseg):
    network = planned_network(uiseg, tiny_uiseg)
    assert network.channels == 2 + len(tiny_uiseg.prompts.encoding.channel_names)
