"""Network of a planned preset as its training builds it, for estimates before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.label_handling.label_handling import determine_num_input_channels
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager
from torch import nn

from hnseg_training.dataset.work_folder import CONFIGURATION, WorkFolder, read_json
from hnseg_training.fitting.preset import Preset
from hnseg_training.fitting.prompts.channels import dataset_with_clicks, plans_with_clicks


@dataclass(frozen=True)
class PlannedNetwork:
    """Network that plans describe, and the patches that it is trained on.

    Attributes:
        architecture: Class and arguments, as the plans have them.
        channels: Number of input channels, those of clicks among them.
        outputs: Number of classes or regions.
        patch_zyx: Size of a patch in voxels, in the order of the plans' axes.
        batch_size: Patches a batch.
        deep_supervision: Whether it is trained on outputs at several resolutions.
    """

    architecture: Mapping[str, Any]
    channels: int
    outputs: int
    patch_zyx: tuple[int, int, int]
    batch_size: int
    deep_supervision: bool

    @property
    def name(self) -> str:
        """Name of the class or function that builds it, such as ResidualEncoderUNet."""
        return str(self.architecture["network_class_name"]).rpartition(".")[2]

    @property
    def features(self) -> Sequence[int]:
        """Number of features of each stage, from full resolution downwards."""
        return tuple(self.architecture["arch_kwargs"]["features_per_stage"])

    @property
    def divisors_zyx(self) -> tuple[int, int, int]:
        """Product of the strides along each axis, of which a patch must be a multiple."""
        z, y, x = (prod(along) for along in zip(*self.architecture["arch_kwargs"]["strides"], strict=True))
        return z, y, x

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Shape (b, c, z, y, x) of a batch."""
        return self.batch_size, self.channels, *self.patch_zyx

    def build(self) -> nn.Module:
        """Return the network with random weights, on torch's default device, ready to be trained."""
        network: nn.Module = get_network_from_plans(
            self.architecture["network_class_name"],
            self.architecture["arch_kwargs"],
            self.architecture["_kw_requires_import"],
            self.channels,
            self.outputs,
            allow_init=False,
            deep_supervision=self.deep_supervision,
        )
        return network.train()


def planned_network(work: WorkFolder, preset: Preset) -> PlannedNetwork:
    """Return the network of a preset that is planned in a work folder."""
    plans, dataset = read_json(work.plans_file(preset.plans_name)), read_json(work.preprocessed / "dataset.json")
    if preset.prompts:
        plans = plans_with_clicks(plans, preset.prompts.encoding)
        dataset = dataset_with_clicks(dataset, preset.prompts.encoding)
    manager = PlansManager(plans)
    configuration = manager.get_configuration(CONFIGURATION)
    z, y, x = configuration.patch_size
    return PlannedNetwork(
        architecture=plans["configurations"][CONFIGURATION]["architecture"],
        channels=determine_num_input_channels(manager, configuration, dataset),
        outputs=manager.get_label_manager(dataset).num_segmentation_heads,
        patch_zyx=(z, y, x),
        batch_size=configuration.batch_size,
        deep_supervision=preset.deep_supervision,
    )
