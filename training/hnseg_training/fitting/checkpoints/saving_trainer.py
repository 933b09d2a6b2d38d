"""Trainer of nnU-Net whose checkpoints are whole files at any moment, also where the process is killed.

Only the training itself imports this module: nnU-Net takes seconds to import.
"""

from __future__ import annotations

import os
from pathlib import Path

from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from hnseg_training.fitting.checkpoints.unfinished import unfinished_beside


class SavingTrainer(nnUNetTrainer):  # type: ignore[misc]  # nnU-Net is untyped
    """Addition to a trainer of nnU-Net's: a checkpoint is written beside, flushed to the disk and renamed.

    nnU-Net writes over the checkpoint before, so that a training that is killed in that moment leaves neither.
    """

    def save_checkpoint(self, filename: str) -> None:
        """Write the state of the training as nnU-Net does, in place of the file of that name once it is whole."""
        aside = unfinished_beside(Path(filename))
        super().save_checkpoint(str(aside))
        if aside.is_file():  # nnU-Net writes none where checkpoints are switched off
            with aside.open("rb+") as file:
                os.fsync(file.fileno())
            aside.replace(filename)
