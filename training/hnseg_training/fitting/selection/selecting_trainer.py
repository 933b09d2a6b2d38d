"""Trainer of nnU-Net that validates on whole cases, ends where they no longer gain, and keeps its best epoch.

Only the training itself imports this module: nnU-Net takes seconds to import.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from hnseg_training.dataset.work_folder import write_json
from hnseg_training.fitting.selection.case_dice import dice_of, mean_dice, means_over_cases
from hnseg_training.fitting.selection.loaders import CasesInOrder, EachCaseOnce, check_whole_cases
from hnseg_training.fitting.selection.record import SELECTION_FILE, Selection
from hnseg_training.fitting.training import Training

_BEST = "checkpoint_best.pth"


class SelectingTrainer(nnUNetTrainer):  # type: ignore[misc]  # nnU-Net is untyped
    """Additions to a trainer of nnU-Net's: epochs of whole cases, and selection of the best epoch.

    An epoch's Dice is the mean over the validation cases, not that of all their voxels together. All state is in
    nnU-Net's checkpoints: the Dice of every epoch is in its log.
    """

    training = Training()

    def set_iterations(self, batches: int | None) -> None:
        """Set the length of an epoch.

        Args:
            batches: Training batches; None for as many as hold each training case once.
        """
        if batches is None:
            batches = math.ceil(len(self.do_split()[0]) / self.batch_size)
        is_whole = self.training.iterations is None
        self.num_iterations_per_epoch = batches
        self.num_val_iterations_per_epoch = len(self.do_split()[1]) if is_whole else max(1, batches // 5)

    def get_dataloaders(self) -> tuple[Any, Any]:
        """Return the loaders of training and validation: nnU-Net's own, or of whole cases in this process.

        Raises:
            InputError: The cases are not fit for epochs of whole ones.
        """
        if self.training.iterations is not None:
            stock: tuple[Any, Any] = super().get_dataloaders()
            return stock
        trained, validated = self.get_tr_and_val_datasets()
        patch = self.configuration_manager.patch_size
        check_whole_cases(trained, validated, patch)
        rotation, in_planes, first_patch, mirrored = self.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        scales = self._get_deep_supervision_scales()
        transforms = self.get_training_transforms(
            patch,
            rotation,
            scales,
            mirrored,
            in_planes,
            use_mask_for_norm=self.configuration_manager.use_mask_for_norm,
            **self._label_settings(),
        )
        return (
            EachCaseOnce(trained, self.batch_size, first_patch, patch, self.label_manager, transforms=transforms),
            CasesInOrder(validated, 1, patch, patch, self.label_manager, transforms=self.label_transforms()),
        )

    def label_transforms(self) -> ComposeTransforms:
        """Return nnU-Net's transforms of a validation patch, which only prepare its labels."""
        return self.get_validation_transforms(self._get_deep_supervision_scales(), **self._label_settings())

    def _label_settings(self) -> dict[str, Any]:
        """Return what nnU-Net's transforms ask about the labels."""
        manager = self.label_manager
        return {
            "foreground_labels": manager.foreground_labels,
            "regions": manager.foreground_regions if manager.has_regions else None,
            "ignore_label": manager.ignore_label,
        }

    def on_train_start(self) -> None:
        """Begin the training, or go on; one that had waited long enough for a higher Dice ends at once."""
        super().on_train_start()
        if self.training.patience and self.logger.get_value("mean_fg_dice", None):
            self._restore_best_epoch()
        self._end_if_stagnant()

    def on_validation_epoch_end(self, val_outputs: list[dict[str, Any]]) -> None:
        """Log the loss and the Dice of an epoch."""
        if self.training.iterations is not None:
            super().on_validation_epoch_end(val_outputs)
            return
        cases = [dice_of(counts) for counts in val_outputs]
        mean = mean_dice(cases)
        self.logger.log("mean_fg_dice", mean, self.current_epoch)
        self.logger.log("dice_per_class_or_region", means_over_cases(cases).tolist(), self.current_epoch)
        self.logger.log("val_losses", float(np.mean([counts["loss"] for counts in val_outputs])), self.current_epoch)
        if self.training.patience:
            # nnU-Net keeps in checkpoint_best.pth the weights of the epoch at which this is highest.
            self.logger.get_value("ema_fg_dice", None)[-1] = mean

    def on_epoch_end(self) -> None:
        """End the training where it has waited long enough for a higher Dice."""
        super().on_epoch_end()
        self._end_if_stagnant()

    def run_training(self) -> None:
        """Train to the last epoch, or until the Dice has not risen for long."""
        try:
            super().run_training()
        except _Stagnation:
            self.on_train_end()

    def on_train_end(self) -> None:
        """Write the last checkpoint; with the weights of the best epoch and their record, where that is asked for."""
        if self.training.patience:
            self._take_best_epoch()
        super().on_train_end()

    def _restore_best_epoch(self) -> None:
        """Bring the highest Dice and its weights to where they were after the last epoch.

        nnU-Net writes the checkpoint to go on from before it compares the Dice of that epoch with the highest one.
        """
        self._best_ema = max(self.logger.get_value("mean_fg_dice", None))
        if self._stagnant_epochs() == 0:
            self.current_epoch -= 1  # nnU-Net writes the number of the next epoch
            self.save_checkpoint(str(Path(self.output_folder) / _BEST))
            self.current_epoch += 1

    def _end_if_stagnant(self) -> None:
        if self.training.patience and self._stagnant_epochs() >= self.training.patience:
            raise _Stagnation

    def _stagnant_epochs(self) -> int:
        """Return the number of epochs after that of the highest Dice."""
        dice = self.logger.get_value("mean_fg_dice", None)
        return len(dice) - 1 - int(np.argmax(dice)) if dice else 0

    def _take_best_epoch(self) -> None:
        """Load the weights of the best epoch, and record it with the Dice of each validation case."""
        folder = Path(self.output_folder)
        best = torch.load(folder / _BEST, map_location=self.device, weights_only=False)
        network: Any = getattr(self.network, "_orig_mod", self.network)  # that of a compiled one
        network.load_state_dict(best["network_weights"])
        names, cases = self._measured_cases()
        structures = [name for name in self.dataset_json["labels"] if name not in {"background", "ignore"}]
        record = Selection(
            best_epoch=best["current_epoch"],
            dice=mean_dice(cases),
            cases={
                name: dict(zip(structures, dice.tolist(), strict=True)) for name, dice in zip(names, cases, strict=True)
            },
            epochs=self.current_epoch,
            ended="patience" if self._stagnant_epochs() >= (self.training.patience or math.inf) else "epochs",
        )
        write_json(folder / SELECTION_FILE, record.model_dump(mode="json"))

    def _measured_cases(self) -> tuple[Sequence[str], list[Any]]:
        """Return the names of the validation cases, and the Dice of each by structure."""
        self.network.eval()
        names, cases = [], []
        with torch.no_grad():
            for _ in range(self.num_val_iterations_per_epoch):
                batch = next(self.dataloader_val)
                names.append(batch["keys"][0])
                cases.append(dice_of(self.validation_step(batch)))
        return names, cases


class _Stagnation(Exception):  # noqa: N818 (no error: a training that is over)
    """End of a training whose Dice has not risen for long; it leaves nnU-Net's loop over the epochs."""
