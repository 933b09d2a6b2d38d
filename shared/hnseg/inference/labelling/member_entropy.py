"""Entropy and mutual information of the members of an ensemble, voxel by voxel, in nats (natural logarithm).

The predictive entropy is that of the members' mean probability. Mutual information is what is left of it without the
mean of the members' own entropies: it is 0 where all members say the same, however unsure each of them is.

Source: Houlsby et al., "Bayesian active learning for classification and preference learning", arXiv:1112.5745, 2011,
with the members of an ensemble in place of samples of its weights, as Lakshminarayanan et al., NeurIPS 2017.
"""

from __future__ import annotations

import torch
from torch.nn.functional import logsigmoid

Entropies = tuple[torch.Tensor, torch.Tensor]
"""Predictive entropy and mutual information, each (...), float32, none below 0."""


def entropies_of_classes(logits: torch.Tensor, counts: torch.Tensor | None = None) -> Entropies:
    """Return the entropies of classes that exclude one another, 0 to ln k.

    Args:
        logits: Logits (m, k, ...) of m members.
        counts: Whether each member counts, (m, ...), 1 or 0; all of them where left out. Where none counts both are 0.
    """
    logs = logits.log_softmax(dim=1)
    probabilities = logs.exp()
    own = -(probabilities * logs).sum(dim=1)
    predictive = torch.special.entr(_mean(probabilities, counts)).sum(dim=0)
    return _bounded(predictive, _mean(own, counts))


def entropies_of_regions(logits: torch.Tensor, counts: torch.Tensor | None = None) -> Entropies:
    """Return the entropies of regions that may overlap: the sums over regions, 0 to k ln 2.

    Args:
        logits: Logits (m, k, ...) of m members.
        counts: Whether each member counts, (m, ...), 1 or 0; all of them where left out. Where none counts both are 0.
    """
    log_inside, log_outside = logsigmoid(logits), logsigmoid(-logits)
    inside, outside = log_inside.exp(), log_outside.exp()
    own = -(inside * log_inside + outside * log_outside).sum(dim=1)
    predictive = sum(torch.special.entr(_mean(each, counts)).sum(dim=0) for each in (inside, outside))
    return _bounded(torch.as_tensor(predictive), _mean(own, counts))


def _mean(values: torch.Tensor, counts: torch.Tensor | None) -> torch.Tensor:
    """Return the mean over members (m, ...) that count; 0 where none does."""
    if counts is None:
        return values.mean(dim=0)
    weights = counts if values.ndim == counts.ndim else counts.unsqueeze(1)
    return (values * weights).sum(dim=0) / weights.sum(dim=0).clamp_min(1)


def _bounded(predictive: torch.Tensor, own: torch.Tensor) -> Entropies:
    return predictive.clamp_min(0), (predictive - own).clamp_min(0)
