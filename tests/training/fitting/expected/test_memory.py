"""Estimated memory beside that of real training steps, and beside nnU-Net's own estimate."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from hnseg.machine import GIB
from hnseg_training.fitting.expected.memory import (
    STATES,
    kept_for_backward,
    parameter_count,
    training_memory,
)
from hnseg_training.fitting.expected.planned_network import planned_network
from hnseg_training.fitting.preset import PRESETS
from tests.support.peak_memory import taken_gib


@pytest.fixture
def larger(planned):
    """Return the demo network on patches whose memory stands out from that of the process."""
    return replace(planned_network(planned, PRESETS["demo"]), patch_zyx=(32, 128, 128))


def test_a_layer_keeps_what_its_gradient_needs():
    network = nn.Sequential(nn.Conv3d(1, 4, 3, padding=1, device="meta"), nn.LeakyReLU(inplace=True))
    kept = kept_for_backward(network, (1, 1, 10, 10, 10))
    assert kept.bytes_in_all == 4 * 1000 * (1 + 4)  # the image, and the activated features
    assert kept.bytes_of_largest == 4 * 1000 * 4


def test_the_memory_is_about_that_of_a_real_step(larger):
    def step():
        network = larger.build()
        outputs = network(torch.rand(larger.shape))
        sum(output.square().mean() for output in outputs).backward()

    taken, _ = taken_gib(step, times=2)
    kept = kept_for_backward(larger.build().to("meta"), larger.shape)
    estimate = (
        training_memory(larger, "nnUNetTrainer").ram_gib
        - training_memory(replace(larger, patch_zyx=(8, 16, 16)), "nnUNetTrainer").ram_gib
    )
    assert kept.bytes_in_all / GIB < taken
    assert 0.6 * taken < estimate < 1.7 * taken


def test_it_grows_with_the_batch_and_the_optimiser(larger):
    one = training_memory(replace(larger, batch_size=1), "nnUNetTrainer")
    two = training_memory(larger, "nnUNetTrainer")
    adam = training_memory(larger, "nnUNetTrainerAdam")
    assert one.gpu_gib < two.gpu_gib < two.ram_gib
    moments = (STATES["nnUNetTrainerAdam"] - STATES["nnUNetTrainer"]) * 4 * parameter_count(larger) / GIB
    assert adam.ram_gib - two.ram_gib == pytest.approx(moments)


def test_nnunets_own_estimate_is_its_planners(planned):
    from nnunetv2.experiment_planning.experiment_planners.default_experiment_planner import ExperimentPlanner

    network = planned_network(planned, PRESETS["demo"])
    architecture = network.architecture
    counted = ExperimentPlanner.static_estimate_VRAM_usage(
        network.patch_zyx,
        network.channels,
        network.outputs,
        architecture["network_class_name"],
        architecture["arch_kwargs"],
        architecture["_kw_requires_import"],
    )
    assert training_memory(network, "nnUNetTrainer").nnunet_gib == pytest.approx(counted / 560_000_000 * 8)
