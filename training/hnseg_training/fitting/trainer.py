"""Trainers of nnU-Net with what a data set and a preset ask for: augmentation, loss, learning rate, clicks.

Only the training itself imports this module: nnU-Net takes seconds to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from batchgeneratorsv2.transforms.base.basic_transform import BasicTransform
from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform
from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
from batchgeneratorsv2.transforms.utils.pseudo2d import Convert2DTo3DTransform
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
from nnunetv2.training.nnUNetTrainer.variants.optimizer.nnUNetTrainerAdam import (
    nnUNetTrainerAdam,
    nnUNetTrainerVanillaAdam,
)

from hnseg.errors import InputError
from hnseg_training.dataset.augmentation import Augmentation, ChannelDropout, Perturbations, network_axis
from hnseg_training.fitting.checkpoints.saving_trainer import SavingTrainer
from hnseg_training.fitting.flips import only_flips
from hnseg_training.fitting.hardening.channels import image_channels
from hnseg_training.fitting.hardening.perturbed_channel import PerturbedChannel
from hnseg_training.fitting.loss import PresentClassesLoss
from hnseg_training.fitting.prompts.prompted_trainer import PromptedTrainer
from hnseg_training.fitting.schedule import Plateau, WarmCosine
from hnseg_training.fitting.selection.selecting_trainer import SelectingTrainer
from hnseg_training.fitting.squared_dice import SquaredDiceLoss
from hnseg_training.fitting.structure_dice import StructureDiceLoss
from hnseg_training.fitting.training import Training

LOSSES = {
    "present_classes": PresentClassesLoss,
    "squared_dice": SquaredDiceLoss,
    "structure_dice": StructureDiceLoss,
}
TRACE = 1e-3  # largest absolute value that counts as 0 after resampling


class _Augmenting(nnUNetTrainer):  # type: ignore[misc]  # nnU-Net is untyped
    """Additions to a trainer of nnU-Net's: augmentation, loss, mirroring, course of the learning rate."""

    augmentation = Augmentation()
    training = Training()

    def configure_optimizers(self) -> tuple[Any, Any]:
        """Return nnU-Net's optimiser, and the schedule of the learning rate."""
        optimizer, schedule = super().configure_optimizers()
        if self.training.schedule == "cosine":
            warm_up = self.training.warm_up_epochs
            schedule = WarmCosine(optimizer, self.initial_lr, epochs=self.num_epochs, warm_up_epochs=warm_up)
        if self.training.schedule == "plateau":
            schedule = Plateau(optimizer)
        return optimizer, schedule

    def on_validation_epoch_end(self, val_outputs: list[dict[str, Any]]) -> None:
        """Log the Dice of an epoch, and let the learning rate follow it where the training's schedule does."""
        super().on_validation_epoch_end(val_outputs)
        if isinstance(self.lr_scheduler, Plateau):
            self.lr_scheduler.follow(self.logger.get_value("mean_fg_dice", step=-1))

    def load_checkpoint(self, filename_or_checkpoint: str | dict[str, Any]) -> None:
        """Bring the trainer to the state of a checkpoint, its schedule too."""
        super().load_checkpoint(filename_or_checkpoint)
        if isinstance(self.lr_scheduler, Plateau):
            self.lr_scheduler.go_on_after(self.logger.get_value("mean_fg_dice", None))

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(self) -> tuple[Any, ...]:  # noqa: N802 (its name)
        """Return nnU-Net's values, less the axes along which nothing may be mirrored in training and inference.

        Patches that are only flipped are cut out at their own size, and not rotated.
        """
        rotation, in_planes, first_patch, axes = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        if self.training.only_flipped is not None:
            rotation, in_planes, first_patch = (0.0, 0.0), False, self.configuration_manager.patch_size
        is_mirrored = self.training.mirrored and self.training.only_flipped is None
        allowed = self.augmentation.mirrored(axes, self.plans_manager.transpose_forward) if is_mirrored else ()
        self.inference_allowed_mirroring_axes = allowed or None  # nnU-Net's predictor takes None for none
        return rotation, in_planes, first_patch, allowed

    def _build_loss(self) -> torch.nn.Module:
        """Return nnU-Net's loss, or at each resolution the training's in its place."""
        stock: torch.nn.Module = super()._build_loss()
        if self.training.loss == "nnunet":
            return stock
        loss = LOSSES[self.training.loss](ignore_label=self.label_manager.ignore_label)
        if not self.enable_deep_supervision:
            return loss
        stock.loss = loss  # beside the weight of each resolution
        return stock

    def set_deep_supervision_enabled(self, enabled: bool) -> None:
        """Set whether the network gives an output at each resolution, unless it has only one."""
        if self.enable_deep_supervision:
            super().set_deep_supervision_enabled(enabled)

    def get_training_transforms(self, *arguments: Any, **named: Any) -> BasicTransform:
        """Return nnU-Net's transforms or flips alone, changed so that channels may be perturbed or missing."""
        if self.training.only_flipped is None:
            transforms = super().get_training_transforms(*arguments, **named)
        else:
            transforms = only_flips(self.label_transforms(), **self._flip(self.training.only_flipped))
        if self.augmentation.dropouts:
            axis = network_axis("z", self.plans_manager.transpose_forward)
            transforms = with_dropout(transforms, self.augmentation.dropouts, slice_axis=axis)
        if self.augmentation.perturbations:
            transforms = with_perturbation(transforms, self._perturbed_channel(self.augmentation.perturbations))
        return transforms

    def _flip(self, probability: float) -> dict[str, Any]:
        """Return axis and probability of a flip from left to right; 0 where the data set forbids it."""
        axis = network_axis("x", self.plans_manager.transpose_forward)
        is_allowed = self.augmentation.mirrored([axis], self.plans_manager.transpose_forward)
        return {"axis": axis, "probability": probability if is_allowed else 0.0}

    def check_augmentation(self) -> None:
        """Check that the patches can be augmented so, before anything is trained or recorded.

        Raises:
            InputError: Perturbations are asked for, and no channel of the data set is an image.
        """
        if self.augmentation.perturbations:
            self._perturbed_channel(self.augmentation.perturbations)

    def _perturbed_channel(self, perturbations: Perturbations) -> PerturbedChannel:
        """Return the transform that perturbs one of this training's images.

        Raises:
            InputError: No channel of the data set is an image.
        """
        clicks = len(self.prompts.encoding.channel_names) if self.prompts else 0
        names = list(self.dataset_json["channel_names"].values())
        names = names[: len(names) - clicks]  # a patch gets those of clicks after its augmentation
        spacing = tuple(self.configuration_manager.spacing)
        channels = image_channels(
            names,
            self.plans_manager.plans["foreground_intensity_properties_per_channel"],
            may_be_missing={dropout.channel for dropout in self.augmentation.dropouts},
            spacing_zyx_mm=spacing,
        )
        if not channels:
            raise InputError(
                f"Only images can be perturbed in training, but no channel of {self.plans_manager.dataset_name} is one:"
                f" their names are {', '.join(names)}. Train without --augment."
            )
        return PerturbedChannel(perturbations, channels, spacing)


TRAINERS: dict[str, type[nnUNetTrainer]] = {
    # They keep nnU-Net's names: its tools look the trainer of a checkpoint up by name to run it, and the two run alike.
    base.__name__: type(base.__name__, (_Augmenting, PromptedTrainer, SelectingTrainer, SavingTrainer, base), {})
    for base in (nnUNetTrainer, nnUNetTrainerAdam, nnUNetTrainerVanillaAdam)
}


class MissingChannels(BasicTransform):  # type: ignore[misc]  # batchgeneratorsv2 is untyped
    """Dropout of channels at random; then other transforms, after which empty voxels are exactly 0 again.

    nnU-Net's changes of brightness, contrast and noise would give an empty channel values that inference never has.
    """

    def __init__(self, inner: BasicTransform, dropouts: Sequence[ChannelDropout], *, slice_axis: int) -> None:
        super().__init__()
        self.inner = inner
        self.dropouts = tuple(dropouts)
        self.slice_axis = slice_axis

    def apply(self, data_dict: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Transform one sample; its image is (c, z, y, x) in the order of the network's axes."""
        empty = {}
        for dropout in self.dropouts:
            channel = data_dict["image"][dropout.channel]
            self._drop(channel, dropout)
            empty[dropout.channel] = channel.abs() < TRACE
        data_dict = self.inner(**data_dict)
        for number, voxels in empty.items():
            data_dict["image"][number][voxels] = 0
        return data_dict

    def _drop(self, channel: torch.Tensor, dropout: ChannelDropout) -> None:
        """Set a channel (z, y, x) to 0 in place, everywhere, beyond a plane or not at all."""
        if _happens(dropout.whole):
            channel.zero_()
        elif _happens(dropout.truncated):
            slices = channel.shape[self.slice_axis]
            first = int(torch.randint(0, slices, (1,)))
            start, length = (first, slices - first) if _happens(0.5) else (0, first)
            channel.narrow(self.slice_axis, start, length).zero_()


def with_dropout(stock: ComposeTransforms, dropouts: Sequence[ChannelDropout], *, slice_axis: int) -> ComposeTransforms:
    """Return nnU-Net's transforms with those that change intensities inside a `MissingChannels`.

    Args:
        stock: Transforms of nnU-Net's: first those that turn and scale, then those that change intensities, then
            mirroring and the segmentation's.
        dropouts: Dropouts of channels.
        slice_axis: Axis of a patch that is z.
    """
    transforms = list(stock.transforms)
    first = _first_of_intensities(transforms)
    mirrors = [number for number, transform in enumerate(transforms) if isinstance(transform, MirrorTransform)]
    last = mirrors[0] if mirrors else len(transforms)
    inner = MissingChannels(ComposeTransforms(transforms[first:last]), dropouts, slice_axis=slice_axis)
    return ComposeTransforms([*transforms[:first], inner, *transforms[last:]])


def with_perturbation(stock: ComposeTransforms, perturbed: PerturbedChannel) -> ComposeTransforms:
    """Return transforms with a perturbation before all those that change intensities.

    Scanners perturb images before anything else does; and where nothing was, the dropout of channels leaves 0 after it.

    Args:
        stock: Transforms of nnU-Net's, or those of `with_dropout`.
        perturbed: Transform that perturbs.
    """
    transforms = list(stock.transforms)
    first = _first_of_intensities(transforms)
    return ComposeTransforms([*transforms[:first], perturbed, *transforms[first:]])


def _first_of_intensities(transforms: Sequence[BasicTransform]) -> int:
    """Return the index of the first transform after those that turn and scale a patch."""
    placing = (SpatialTransform, Convert2DTo3DTransform)
    return max((at for at, transform in enumerate(transforms, start=1) if isinstance(transform, placing)), default=0)


def _happens(probability: float) -> bool:
    """Return True with a probability, by torch's global generator."""
    return bool(torch.rand(1) < probability)
