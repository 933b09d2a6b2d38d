"""Loss for many structures of which a patch has few, most of them small.

Dice and cross-entropy as in nnU-Net, except that Dice counts only structures in the batch (Tappeiner et al. 2022,
class-adaptive Dice) and that cross-entropy weights rare classes up, so that a short training finds the small ones too.
"""

from __future__ import annotations

import torch
from torch.nn.functional import nll_loss

SMOOTH = 1.0  # voxels: keeps the Dice of a structure with a few voxels from jumping


class PresentClassesLoss(torch.nn.Module):
    """Cross-entropy plus one minus the mean Dice over the structures in a batch.

    A class with n voxels in the batch weighs 1 / sqrt(n) a voxel in the cross-entropy. Without a structure the loss is
    the cross-entropy alone, and 0 where every voxel is ignored.
    """

    def __init__(self, *, ignore_label: int | None) -> None:
        super().__init__()
        self.ignored = -1 if ignore_label is None else ignore_label

    def forward(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch.

        Args:
            logits: Logits (b, k, z, y, x); class 0 is the background.
            target: Class of each voxel or the label to ignore, (b, 1, z, y, x).
        """
        classes = logits.shape[1]
        truth = target[:, 0].long()
        known = truth != self.ignored
        if not known.any():
            return logits.float().sum() * 0  # nothing to learn, but a gradient to send back
        log_probabilities = logits.float().log_softmax(1)  # a batch has more voxels than float16 can count
        voxels = torch.bincount(truth[known], minlength=classes).float()
        cross_entropy = nll_loss(
            log_probabilities, truth, weight=voxels.clamp_min(1).rsqrt(), ignore_index=self.ignored, reduction="mean"
        )
        present = voxels > 0
        present[0] = False
        if not present.any():
            return cross_entropy
        probabilities = log_probabilities.exp() * known[:, None]
        right = probabilities.gather(1, truth.where(known, 0)[:, None])[:, 0]
        shared = torch.zeros(classes, device=logits.device)
        shared = shared.index_add(0, truth[known], right[known])
        predicted = probabilities.sum((0, 2, 3, 4))
        dice = (2 * shared + SMOOTH) / (predicted + voxels + SMOOTH)
        return cross_entropy + 1 - dice[present].mean()
