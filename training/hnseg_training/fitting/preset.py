"""Presets of plans and training, as data: nnU-Net's own plans, the papers' configurations, the demos'.

A preset names one of nnU-Net's planners and overrides what it decided where the preset says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hnseg.errors import InputError
from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.records import Frozen
from hnseg_training.dataset.augmentation import Probability
from hnseg_training.dataset.work_folder import CONFIGURATION
from hnseg_training.fitting.network import (
    DynUnetNetwork,
    Network,
    Unet3dNetwork,
    Zyx,
    in_order,
    with_dropout,
    with_network,
)
from hnseg_training.fitting.prompts.settings import PromptTraining, Stage
from hnseg_training.fitting.training import Training


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
    network: Network | DynUnetNetwork | Unet3dNetwork | None = None
    dropout: Probability = 0.0
    """Probability that a feature behind a convolution is 0 in training, and in passes that measure uncertainty."""
    prompts: PromptTraining | None = None
    """Settings of clicks, whose channels come behind those of the images; None for a network without."""
    stages: Mapping[Stage, Training] = {}
    """Settings of the trainer by stage, for a training in several."""
    stage: Stage | None = None
    """Stage that `training` is of; None for a training without stages, or all of them."""
    training: Training = Training()

    @property
    def result_name(self) -> str:
        """Name of the folder that nnU-Net trains into."""
        return f"{self.training.trainer}__{self.trained_plans_name}__{CONFIGURATION}"

    @property
    def trained_plans_name(self) -> str:
        """Name of the plans in a result folder: that of the plans, followed by the stage."""
        return self.plans_name + (self.stage or "").capitalize()

    @property
    def deep_supervision(self) -> bool:
        """Whether the network is trained on outputs at several resolutions; a DynUNet and a U-Net have one."""
        return self.network is None or isinstance(self.network, Network)

    def applied_to(self, plans: dict[str, Any]) -> dict[str, Any]:
        """Return the planner's plans with this preset's overrides in the 3d_fullres configuration.

        nnU-Net turns images so that the axis of the coarsest spacing comes first, and plans in that order
        (`transpose_forward`); what a preset gives by z, y and x follows it.
        """
        configuration = dict(plans["configurations"][CONFIGURATION])
        axes = plans["transpose_forward"]
        if self.patch_size_zyx:
            configuration["patch_size"] = [self.patch_size_zyx[axis] for axis in axes]
        if self.batch_size:
            configuration["batch_size"] = self.batch_size
        if self.batch_dice is not None:
            configuration["batch_dice"] = self.batch_dice
        configuration["architecture"] = self._architecture(configuration["architecture"], axes)
        if self.spacing_zyx_mm:
            # nnU-Net lets its planners share preprocessed cases by this name; these cases have another spacing.
            configuration["data_identifier"] = f"{self.plans_name}_{CONFIGURATION}"
        # Only what is trained is kept, so that the plans of a bundle describe its weights and nothing else.
        return {**plans, "configurations": {CONFIGURATION: configuration}}

    def _architecture(self, planned: dict[str, Any], axes: Sequence[int]) -> dict[str, Any]:
        """Return the architecture with this preset's levels, in the order of the plans' axes, and dropout."""
        network = self.network and in_order(self.network, axes)
        if isinstance(network, (DynUnetNetwork, Unet3dNetwork)):
            return network.architecture()
        architecture = with_network(planned, network) if network else planned
        return with_dropout(architecture, self.dropout) if self.dropout else architecture


_UISEG = Training(
    trainer="nnUNetTrainerAdam",
    learning_rate=1e-4,
    epochs=300,
    loss="squared_dice",
    schedule="cosine",
    warm_up_epochs=10,
)
_DEMO_UISEG = Training(
    trainer="nnUNetTrainerAdam",
    learning_rate=0.001,
    iterations=120,
    foreground=0.8,
    foreground_by_chance=True,
    mirrored=False,
    loss="present_classes",
)
_RECURRENCE = Preset(
    planner="ExperimentPlanner",
    plans_name="hnsegRecurrencePlans",
    spacing_zyx_mm=(2.0, 0.9765, 0.9765),
    patch_size_zyx=(128, 224, 160),
    batch_size=2,
    network=Unet3dNetwork(features=(32, 64, 128, 256), strides_zyx=((1, 1, 1), *[(2, 2, 2)] * 3)),
    batch_dice=True,
    training=Training(trainer="nnUNetTrainerAdam", learning_rate=1e-3, epochs=300, iterations=50),
)
_DEMO_RECURRENCE = Preset(
    planner="ExperimentPlanner",
    plans_name="hnsegDemoRecurrencePlans",
    spacing_zyx_mm=(4.0, 4.0, 4.0),
    patch_size_zyx=(48, 40, 32),
    batch_size=2,
    network=Unet3dNetwork(features=(8, 16, 24, 40), strides_zyx=((1, 1, 1), *[(2, 2, 2)] * 3)),
    batch_dice=True,
    training=Training(
        trainer="nnUNetTrainerAdam",
        learning_rate=0.005,
        epochs=10,
        iterations=100,
        foreground=0.8,
        foreground_by_chance=True,
        mirrored=False,
    ),
)
TUMOUR_AND_NODES = PromptEncoding(structures=("GTVp", "GTVn"))
"""Clicks on the two structures of HN-UISeg."""

_ORGANS_NETWORK = Network(
    features=(8, 24, 32, 48),
    strides_zyx=((1, 1, 1), (2, 2, 2), (2, 2, 2), (2, 2, 2)),
    kernels_zyx=((3, 3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    encoder_blocks=(2, 2, 2, 2),
    decoder_convolutions=(1, 1, 1),
)
_ORGANS = Preset(
    planner="ExperimentPlanner",
    plans_name="hnsegDemoOrgansPlans",
    spacing_zyx_mm=(2.8, 2.4, 2.4),
    patch_size_zyx=(32, 64, 64),
    batch_size=2,
    network=_ORGANS_NETWORK,
    batch_dice=True,
    training=Training(
        trainer="nnUNetTrainerAdam",
        learning_rate=0.01,
        epochs=16,
        iterations=100,
        foreground=0.8,
        foreground_by_chance=True,
        mirrored=False,
        loss="present_classes",
    ),
)

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
    "demo-han-seg": _ORGANS,
    # The same network for CTs that were sampled for doses, at about 4 x 4 x 2.5 mm: a patch holds the neck's width.
    "demo-coarse-ct": _ORGANS.model_copy(
        update={
            "plans_name": "hnsegDemoCoarseCtPlans",
            "spacing_zyx_mm": (2.5, 4.0, 4.0),
            "patch_size_zyx": (64, 48, 48),
            "network": _ORGANS_NETWORK.model_copy(update={"features": (12, 24, 40, 64)}),
            "training": _ORGANS.training.model_copy(update={"epochs": 15}),
        }
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
            loss="present_classes",
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
    # HN-UISeg: patches of 224 x 224 x 160 voxels, features up to 256, dropout, loss, optimiser and epochs are its
    # authors'. Levels, learning rates, decay and iterations, which they don't state, are of that family of networks.
    "hn-uiseg": Preset(
        planner="nnUNetPlannerResEncM",
        plans_name="hnsegUisegPlans",
        patch_size_zyx=(160, 224, 224),
        batch_size=2,
        batch_dice=False,
        network=Network(
            features=(32, 64, 128, 256, 256, 256),
            strides_zyx=((1, 1, 1), *[(2, 2, 2)] * 5),
            kernels_zyx=((3, 3, 3),) * 6,
            encoder_blocks=(1, 3, 4, 6, 6, 6),
            decoder_convolutions=(1, 1, 1, 1, 1),
        ),
        dropout=0.05,
        prompts=PromptTraining(encoding=TUMOUR_AND_NODES),
        stages={
            "pretrain": _UISEG.model_copy(update={"learning_rate": 3e-4}),
            "automatic": _UISEG,
            "interactive": _UISEG,
        },
    ),
    # Kutnár et al.: their network, crop and batch, in nnU-Net's loop with nnU-Net's augmentation and loss. Their Adam
    # had a learning rate of 0.1, which is extreme for a network that starts at random. Their epoch saw each of 23
    # patients once; 206 batches see each of the 412 of HECKTOR once, on whom the same network is trained first.
    "recurrence": _RECURRENCE,
    "recurrence-pretrain": _RECURRENCE.model_copy(
        update={
            "plans_name": "hnsegRecurrencePretrainPlans",
            "training": _RECURRENCE.training.model_copy(update={"epochs": 100, "iterations": 206}),
        }
    ),
    # The same as published, but for nnU-Net's loop with its clipped gradients and, on a GPU, its mixed precision.
    "recurrence-paper": _RECURRENCE.model_copy(
        update={
            "plans_name": "hnsegRecurrencePaperPlans",
            "training": Training(
                trainer="nnUNetTrainerVanillaAdam",
                learning_rate=0.1,
                weight_decay=0.0,
                epochs=1000,
                iterations=None,
                foreground=0.0,
                mirrored=False,
                only_flipped=0.1,
                loss="structure_dice",
                schedule="plateau",
                patience=60,
            ),
        }
    ),
    # `recurrence` and its first training in small, on a grid of 4 mm; a patch holds a box of 128 x 160 x 192 mm.
    "demo-recurrence": _DEMO_RECURRENCE,
    "demo-recurrence-pretrain": _DEMO_RECURRENCE.model_copy(update={"plans_name": "hnsegDemoRecurrencePretrainPlans"}),
    # And the like of `hn-uiseg` on the grid of HECKTOR's demo ensemble, trained in minutes. A patch has few of its
    # clicks in most cases, as a user makes one after the other.
    "demo-hn-uiseg": Preset(
        planner="ExperimentPlanner",
        plans_name="hnsegDemoUisegPlans",
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
        dropout=0.05,
        prompts=PromptTraining(encoding=TUMOUR_AND_NODES, left_out=1.0, without=0.4, measured=1),
        stages={
            "pretrain": _DEMO_UISEG.model_copy(update={"epochs": 3}),
            "interactive": _DEMO_UISEG.model_copy(update={"epochs": 6, "learning_rate": 0.002}),
        },
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
