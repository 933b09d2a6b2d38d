"""Loss of Kutnár et al. (2023): one minus the soft Dice of the structures alone, over the whole batch."""

from __future__ import annotations

import torch
from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
from nnunetv2.utilities.helpers import softmax_helper_dim1

SMOOTH = 1e-5  # the authors'; in numerator and denominator, as MONAI has it


class StructureDiceLoss(torch.nn.Module):
    """One minus the mean over the structures of the soft Dice of all voxels of a batch, without a cross-entropy.

    With one structure and a background whose logit is 0 it is MONAI's `DiceLoss(sigmoid=True, batch=True)` of the
    structure's logit, since the softmax of two classes is the sigmoid then. The background has no part in it.
    """

    def __init__(self, *, ignore_label: int | None) -> None:
        super().__init__()
        self.ignored = ignore_label
        self.dice = MemoryEfficientSoftDiceLoss(
            apply_nonlin=softmax_helper_dim1, batch_dice=True, do_bg=False, smooth=SMOOTH, ddp=False
        )

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch.

        Args:
            logits: Logits (b, k, z, y, x); class 0 is the background.
            target: Class of each voxel or the label to ignore, (b, 1, z, y, x).
        """
        logits = logits.float()  # a batch has more voxels than float16 can count
        known = None if self.ignored is None else target != self.ignored
        truth = target if known is None else target.where(known, 0)
        loss: torch.Tensor = 1 + self.dice(logits, truth, loss_mask=known)
        return loss
