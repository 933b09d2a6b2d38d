"""Settings of nnU-Net's trainer, as a preset has them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from hnseg.records import Frozen
from hnseg_training.dataset.augmentation import Probability


class Training(Frozen):
    """Settings of nnU-Net's trainer; the defaults are its own."""

    trainer: Literal["nnUNetTrainer", "nnUNetTrainerAdam", "nnUNetTrainerVanillaAdam"] = "nnUNetTrainer"
    """Name of nnU-Net's trainer: the second has AdamW (AMSGrad) in place of SGD, and settles in far fewer iterations;
    the third has Adam."""
    learning_rate: float = 0.01
    epochs: int = 1000
    iterations: Annotated[int, Field(ge=1)] | None = 250
    """Training batches an epoch; a fifth as many validate. None for epochs in which each training case comes once, and
    each validation case once, whole; no case may be larger than a patch then."""
    foreground: float = 0.33
    """Fraction of the patches that are centred on a structure, 0 to 1."""
    foreground_by_chance: bool = False
    """Whether each patch is centred so with that probability, not a fixed number of each batch."""
    mirrored: bool = True
    """Whether patches are mirrored in training and inference, along the axes that the data set allows."""
    only_flipped: Probability | None = None
    """Probability that a training patch is flipped from left to right, where that is all of its augmentation; None for
    nnU-Net's."""
    loss: Literal["nnunet", "present_classes", "squared_dice", "structure_dice"] = "nnunet"
    """Loss: nnU-Net's own; that of `loss.py`, for many small structures; or that of the module of its name."""
    weight_decay: float = 3e-5
    schedule: Literal["polynomial", "cosine", "plateau"] = "polynomial"
    """Course of the learning rate: nnU-Net's own; a cosine after a warm-up; or times 0.05 whenever the validation Dice
    has not risen for more than 10 epochs."""
    warm_up_epochs: int = 0
    """Epochs in which the learning rate of a cosine rises."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """Epochs without a higher validation Dice after which a training ends, with the weights of its best epoch; None
    trains all epochs and keeps the weights of the last."""

    @model_validator(mode="after")
    def _epochs_can_be_compared(self) -> Training:
        if self.patience and self.iterations is not None:
            raise ValueError(
                "the best epoch is found on whole validation cases: with patience, iterations must be null"
            )
        return self
