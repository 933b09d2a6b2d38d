"""Presets of plans and training, as data: nnU-Net's own plans, the papers' configurations, the demos'.

A preset names one of nnU-Net's planners and overrides what it decided where the preset says so.
"""

from __future__ import annotations

from typing import Any, Literal

from hnseg.errors import InputError
from hnseg.records import Frozen
from hnseg_training.dataset.work_folder import CONFIGURATION

Zyx = tuple[int, int, int]


class Network(Frozen):
    """Levels of a U-Net, from full resolution downwards; a value each."""

    features: tuple[int, ...]
    strides_zyx: tuple[Zyx, ...]
    kernels_zyx: tuple[Zyx, ...]
    encoder_blocks: tuple[int, ...]
    """Residual blocks a level where the planner builds residual encoders, convolutions a level elsewhere."""
    decoder_convolutions: tuple[int, ...]


class DynUnetNetwork(Frozen):
    """Levels of MONAI's DynUNet with residual blocks, from full resolution downwards; a value each."""

    features: tuple[int, ...]
    strides_zyx: tuple[Zyx, ...]
    kernels_zyx: tuple[Zyx, ...]
    normalisation: Literal["batch", "instance"]


class Training(Frozen):
    """Settings of nnU-Net's trainer; the defaults are its own."""

    trainer: Literal["nnUNetTrainer", "nnUNetTrainerAdam"] = "nnUNetTrainer"
    """Name of nnU-Net's trainer: the second has AdamW in place of SGD, and settles in far fewer iterations."""
    learning_rate: float = 0.01
    epochs: int = 1000
    iterations: int = 250
    """Training batches an epoch; a fifth as many validate."""
    foreground: float = 0.33
    """Fraction of the patches that are centred on a structure, 0 to 1."""
    foreground_by_chance: bool = False
    """Whether each patch is centred so with that probability, not a fixed number of each batch."""
    mirrored: bool = True
    """Whether patches are mirrored in training and inference, along the axes that the data set allows."""
    present_classes_only: bool = False
    """Whether the loss is that of `loss.py`, for many small structures, in place of nnU-Net's own."""


class Preset(Frozen):
    """Planner of nnU-Net, and values that replace its decisions; None keeps them."""

    planner: str
    """Name of nnU-Net's class."""
    plans_name: str
    """Name of the plans, never that of another preset's."""
    spacing_zyx_mm: tuple[float, float, float] | None = None
    patch_size_zyx: Zyx | None = None
    batch_size: int | None = None
    batch_dice: bool | None = None
    """Whether the Dice loss is taken over the whole batch, not over each patch."""
    network: Network | DynUnetNetwork | None = None
    training: Training = Training()

    @property
    def result_name(self) -> str:
        """Name of the folder that nnU-Net trains into."""
        return f"{self.training.trainer}__{self.plans_name}__{CONFIGURATION}"

    @property
    def deep_supervision(self) -> bool:
        """Whether the network is trained on outputs at several resolutions; a DynUNet has one."""
        return not isinstance(self.network, DynUnetNetwork)

    def applied_to(self, plans: dict[str, Any]) -> dict[str, Any]:
        """Return the planner's plans with this preset's overrides in the 3d_fullres configuration."""
        configuration = dict(plans["configurations"][CONFIGURATION])
        if self.patch_size_zyx:
            configuration["patch_size"] = list(self.patch_size_zyx)
        if self.batch_size:
            configuration["batch_size"] = self.batch_size
        if self.batch_dice is not None:
            configuration["batch_dice"] = self.batch_dice
        if isinstance(self.network, DynUnetNetwork):
            configuration["architecture"] = _dynunet(self.network)
        elif self.network:
            configuration["architecture"] = _with_network(configuration["architecture"], self.network)
        if self.spacing_zyx_mm:
            # nnU-Net lets its planners share preprocessed cases by this name; these cases have another spacing.
            configuration["data_identifier"] = f"{self.plans_name}_{CONFIGURATION}"
        # Only what is trained is kept, so that the plans of a bundle describe its weights and nothing else.
        return {**plans, "configurations": {CONFIGURATION: configuration}}


def _with_network(architecture: dict[str, Any], network: Network) -> dict[str, Any]:
    """Return the plans' architecture with the levels of a network."""
    arguments = architecture["arch_kwargs"]
    blocks = "n_blocks_per_stage" if "n_blocks_per_stage" in arguments else "n_conv_per_stage"
    replaced = {
        "n_stages": len(network.features),
        "features_per_stage": list(network.features),
        "strides": [list(stride) for stride in network.strides_zyx],
        "kernel_sizes": [list(kernel) for kernel in network.kernels_zyx],
        blocks: list(network.encoder_blocks),
        "n_conv_per_stage_decoder": list(network.decoder_convolutions),
    }
    return {**architecture, "arch_kwargs": {**arguments, **replaced}}


def _dynunet(network: DynUnetNetwork) -> dict[str, Any]:
    """Return the plans' architecture of a DynUNet."""
    from hnseg.inference.model.architecture import DYNUNET  # which imports torch; presets are data without it

    return {
        "network_class_name": DYNUNET,
        "arch_kwargs": {
            "features_per_stage": list(network.features),
            "kernel_sizes": [list(kernel) for kernel in network.kernels_zyx],
            "strides": [list(stride) for stride in network.strides_zyx],
            "normalisation": network.normalisation,
        },
        "_kw_requires_import": [],
    }


PRESETS = {
    "default": Preset(planner="ExperimentPlanner", plans_name="nnUNetPlans"),
    "resenc-m": Preset(planner="nnUNetPlannerResEncM", plans_name="nnUNetResEncUNetMPlans"),
    # Ren et al., GradientSegHNTS (HNTS-MRG 2024). The network is what nnU-Net's planner builds for their data (median
    # 123 x 512 x 511 voxels at this spacing); the batch is theirs, where the planner says 2.
    "paper": Preset(
        planner="nnUNetPlannerResEncM",
        plans_name="hnsegPaperPlans",
        spacing_zyx_mm=(1.2, 0.5, 0.5),
        patch_size_zyx=(48, 192, 192),
        batch_size=8,
        network=Network(
            features=(32, 64, 128, 256, 320, 320),
            strides_zyx=((1, 1, 1), (1, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2), (1, 2, 2)),
            kernels_zyx=((1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
            encoder_blocks=(1, 3, 4, 6, 6, 6),
            decoder_convolutions=(1, 1, 1, 1, 1),
        ),
    ),
    # Small enough to ship five folds with the source code and to train them on a laptop's processor.
    "demo": Preset(
        planner="ExperimentPlanner",
        plans_name="hnsegDemoPlans",
        spacing_zyx_mm=(3.0, 2.0, 2.0),
        patch_size_zyx=(16, 64, 64),
        batch_size=2,
        network=Network(
            features=(8, 16, 24, 32),
            strides_zyx=((1, 1, 1), (1, 2, 2), (2, 2, 2), (2, 2, 2)),
            kernels_zyx=((1, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
            encoder_blocks=(2, 2, 2, 2),
            decoder_convolutions=(1, 1, 1),
        ),
        batch_dice=True,
        training=Training(
            trainer="nnUNetTrainerAdam",
            learning_rate=0.003,
            epochs=20,
            iterations=250,
            foreground=0.8,
            foreground_by_chance=True,
        ),
    ),
    # The same for HaN-Seg's 30 organs: thicker patches, which show what lies above and below, and no mirroring, since a
    # short training has no time to learn heads that stand upside down.
    "demo-han-seg": Preset(
        planner="ExperimentPlanner",
        plans_name="hnsegDemoOrgansPlans",
        spacing_zyx_mm=(2.8, 2.4, 2.4),
        patch_size_zyx=(32, 64, 64),
        batch_size=2,
        network=Network(
            features=(8, 24, 32, 48),
            strides_zyx=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2)),
            kernels_zyx=((3, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
            encoder_blocks=(2, 2, 2, 2),
            decoder_convolutions=(1, 1, 1),
        ),
        batch_dice=True,
        training=Training(
            trainer="nnUNetTrainerAdam",
            learning_rate=0.01,
            epochs=16,
            iterations=100,
            foreground=0.8,
            foreground_by_chance=True,
            mirrored=False,
            present_classes_only=True,
        ),
    ),
    # And for PET/CT, on a grid that is hardly finer than a PET's own: upright heads only, and the loss that finds what
    # is small soon, as above.
    "demo-hecktor": Preset(
        planner="ExperimentPlanner",
        plans_name="hnsegDemoPetCtPlans",
        spacing_zyx_mm=(3.3, 2.8, 2.8),
        patch_size_zyx=(32, 64, 64),
        batch_size=2,
        network=Network(
            features=(8, 16, 24, 40),
            strides_zyx=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2)),
            kernels_zyx=((3, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
            encoder_blocks=(2, 2, 2, 2),
            decoder_convolutions=(1, 1, 1),
        ),
        batch_dice=True,
        training=Training(
            trainer="nnUNetTrainerAdam",
            learning_rate=0.005,
            epochs=12,
            iterations=120,
            foreground=0.8,
            foreground_by_chance=True,
            mirrored=False,
            present_classes_only=True,
        ),
    ),
    # The voxels and patches of HECKTOR 2022's winner (Myronenko et al., NVAUTO), whose crop is the method's `winner`
    # settings, and of nnU-Net's residual encoders the one that its planner builds for them.
    "hecktor-winner": Preset(
        planner="nnUNetPlannerResEncM",
        plans_name="hnsegHecktorWinnerPlans",
        spacing_zyx_mm=(1.0, 1.0, 1.0),
        patch_size_zyx=(192, 192, 192),
        batch_size=2,
        network=Network(
            features=(32, 64, 128, 256, 320, 320),
            strides_zyx=((1, 1, 1), *[(2, 2, 2)] * 5),
            kernels_zyx=((3, 3, 3),) * 6,
            encoder_blocks=(1, 3, 4, 6, 6, 6),
            decoder_convolutions=(1, 1, 1, 1, 1),
        ),
    ),
    # Schanne et al. (DynUNet on HECKTOR 2022), in nnU-Net's loop with nnU-Net's augmentation and loss. An epoch of
    # theirs saw each of 419 patients once. Batch norm is fragile with batches of 2, but it is what they had.
    "dynunet": Preset(
        planner="ExperimentPlanner",
        plans_name="hnsegDynUnetPlans",
        spacing_zyx_mm=(1.0, 1.0, 1.0),
        patch_size_zyx=(192, 192, 192),
        batch_size=2,
        network=DynUnetNetwork(
            features=(32, 64, 128, 256, 256, 256),
            strides_zyx=((1, 1, 1), *[(2, 2, 2)] * 5),
            kernels_zyx=((3, 3, 3),) * 6,
            normalisation="batch",
        ),
        batch_dice=False,
        training=Training(
            trainer="nnUNetTrainerAdam",
            learning_rate=1e-4,
            epochs=100,
            iterations=210,
            foreground=0.9,
            foreground_by_chance=True,
        ),
    ),
}


def preset_named(name: str) -> Preset:
    """Return the preset of a name.

    Raises:
        InputError: There is none of this name.
    """
    if name not in PRESETS:
        raise InputError(f"The preset must be one of {', '.join(PRESETS)}, found {name!r}.")
    return PRESETS[name]
