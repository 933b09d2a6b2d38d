from pathlib import Path

import torch

from hnseg.inference.model.architecture import build_network
from hnseg.inference.model.nnunet_plans import Architecture
from hnseg_training.dataset.work_folder import CONFIGURATION, read_json
from hnseg_training.fitting.network import Network, in_order, with_dropout, with_network
from hnseg_training.fitting.plan import write_plans
from hnseg_training.fitting.preset import PRESETS

PLANNED = {
    "network_class_name": "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
    "arch_kwargs": {"n_blocks_per_stage": [1], "dropout_op": None, "dropout_op_kwargs": None, "conv_bias": True},
    "_kw_requires_import": ["conv_op"],
}
FOLD_LIMIT_BYTES = 800_000  # in float32: five fit into 4 MB


def built(architecture: dict) -> torch.nn.Module:
    return build_network(Architecture.model_validate(architecture), channels=4, outputs=3, path=Path("plans.json"))


def test_levels_replace_the_planners_and_the_rest_stays():
    network = Network(
        features=(4, 8),
        strides_zyx=((1, 1, 1), (2, 2, 2)),
        kernels_zyx=((3, 3, 3),) * 2,
        encoder_blocks=(1, 2),
        decoder_convolutions=(1,),
    )
    arguments = with_network(PLANNED, network)["arch_kwargs"]
    assert arguments["n_blocks_per_stage"] == [1, 2]
    assert arguments["features_per_stage"] == [4, 8]
    assert arguments["conv_bias"] is True


def test_strides_and_kernels_follow_the_axes_of_plans():
    network = in_order(PRESETS["demo"].network, (2, 0, 1))
    assert network.strides_zyx == ((1, 1, 1), (2, 1, 2), (2, 2, 2), (2, 2, 2))
    assert network.kernels_zyx[0] == (3, 1, 3)
    assert in_order(network, (1, 2, 0)) == PRESETS["demo"].network
    unet = PRESETS["recurrence"].network
    assert in_order(unet, (1, 0, 2)) == unet


def test_dropout_is_a_class_that_is_imported():
    architecture = with_dropout(PLANNED, 0.05)
    assert architecture["arch_kwargs"]["dropout_op_kwargs"] == {"p": 0.05}
    assert architecture["_kw_requires_import"] == ["conv_op", "dropout_op"]
    assert with_dropout(architecture, 0.1)["_kw_requires_import"] == ["conv_op", "dropout_op"]
    assert PLANNED["arch_kwargs"]["dropout_op"] is None


def test_the_planned_network_drops_features_in_training_only(uiseg, tiny_uiseg):
    plans = read_json(uiseg.plans_file(tiny_uiseg.plans_name))
    network = built(plans["configurations"][CONFIGURATION]["architecture"]).to_empty(device="cpu")
    generator = torch.Generator().manual_seed(0)
    for weights in network.parameters():
        weights.copy_(torch.randn(weights.shape, generator=generator))
    assert any(isinstance(module, torch.nn.Dropout3d) for module in network.modules())
    tile = torch.randn((1, 4, 16, 24, 24), generator=generator)
    with torch.inference_mode():
        assert torch.equal(network(tile), network(tile))
        network.train()
        torch.manual_seed(0)  # so few features may all be kept in a pass
        first, *others = (network(tile) for _ in range(8))
        assert not all(torch.equal(first, other) for other in others)


def test_five_folds_of_the_demo_fit_into_4_mb(uiseg):
    preset = PRESETS["demo-hn-uiseg"]
    former = uiseg.plans_file(preset.plans_name).read_bytes()
    plans = write_plans(uiseg, preset)
    uiseg.plans_file(preset.plans_name).write_bytes(former)
    network = built(plans["configurations"][CONFIGURATION]["architecture"])
    assert 4 * sum(weights.numel() for weights in network.parameters()) < FOLD_LIMIT_BYTES
