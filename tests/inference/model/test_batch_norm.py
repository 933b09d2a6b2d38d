"""Batch normalisation by the weights of a fold; against nnU-Net's own trainer in test_genuine_folders."""

import pytest
import torch

from hnseg.inference.model.batch_norm import as_trained
from hnseg.inference.model.nnunet_plans import Architecture

OF_BATCHES = {"encoder.stages.0.0.convs.0.norm.running_mean": torch.zeros(4)}
OF_INSTANCES = {"encoder.stages.0.0.convs.0.norm.weight": torch.zeros(4)}


def architecture(norm="torch.nn.modules.instancenorm.InstanceNorm3d", **of_norm):
    arguments = {"norm_op": norm, "norm_op_kwargs": of_norm, "n_stages": 2}
    return Architecture(network_class_name="a", arch_kwargs=arguments, _kw_requires_import=("norm_op",))


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("module", ["torch.nn", "torch.nn.modules.instancenorm"])
def test_an_instance_norm_becomes_the_batch_norm_that_the_weights_are_of(axes, module):
    found = as_trained(architecture(f"{module}.InstanceNorm{axes}d", eps=1e-3), OF_BATCHES)
    assert found.arch_kwargs == {
        "norm_op": f"torch.nn.modules.batchnorm.BatchNorm{axes}d",
        "norm_op_kwargs": {"eps": 1e-5, "affine": True},
        "n_stages": 2,
    }


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        (architecture(), OF_INSTANCES),
        (architecture(track_running_stats=True), OF_BATCHES),
        (architecture("torch.nn.BatchNorm3d"), OF_BATCHES),
        (architecture(None), OF_BATCHES),
    ],
    ids=["instance norm", "instance norm with running means", "batch norm", "no norm"],
)
def test_what_the_plans_say_of_the_weights_stays(given, weights):
    assert as_trained(given, weights) is given
