"""Loss of HN-UISeg: cross-entropy plus a soft Dice loss with squared denominators, over all classes."""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy, one_hot

EPSILON = 1e-5  # a class that is neither there nor predicted has a Dice of 1


class SquaredDiceLoss(torch.nn.Module):
    """Cross-entropy plus one minus the mean Dice over all classes, the background among them, and over the patches.

    The Dice of a class in a patch is (2 sum(g p) + e) / (sum(g^2) + sum(p^2) + e), with the reference g, the
    probability p and e = 1e-5. The loss is 0 where every voxel is ignored.
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
        logits = logits.float()  # a batch has more voxels than float16 can count
        truth = target[:, 0].long()
        known = truth != self.ignored
        if not known.any():
            return logits.sum() * 0
        entropy = cross_entropy(logits, truth, ignore_index=self.ignored)
        probabilities = logits.softmax(1) * known[:, None]
        reference = one_hot(truth.where(known, 0), logits.shape[1]).movedim(-1, 1) * known[:, None]
        axes = tuple(range(2, logits.ndim))
        shared = (reference * probabilities).sum(axes)
        squares = reference.sum(axes) + probabilities.square().sum(axes)
        return entropy + 1 - ((2 * shared + EPSILON) / (squares + EPSILON)).mean()
