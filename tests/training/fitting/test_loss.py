import math

import pytest
import torch
from torch.nn.functional import cross_entropy

from hnseg_training.fitting.loss import PresentClassesLoss

pytestmark = pytest.mark.numeric

IGNORED = 4


def sure_of(classes: torch.Tensor, count: int = 4) -> torch.Tensor:
    """Return logits (1, count, z, y, x) of a network that is certain of each voxel."""
    return 50.0 * torch.nn.functional.one_hot(classes, count).movedim(-1, 0)[None].float()


@pytest.fixture
def truth() -> torch.Tensor:
    labels = torch.zeros((2, 4, 4), dtype=torch.long)
    labels[0, 0, :2] = 1
    labels[1, 2:, 2:] = 2
    return labels


def test_a_perfect_prediction_costs_nothing(truth):
    loss = PresentClassesLoss(ignore_label=None)(sure_of(truth), truth[None, None])
    assert loss.item() == pytest.approx(0, abs=1e-6)


def test_the_values_are_those_worked_out_by_hand():
    # Two voxels of background and two of class 1; the network says one half everywhere.
    target = torch.tensor([0, 0, 1, 1]).reshape(1, 1, 1, 1, 4)
    loss = PresentClassesLoss(ignore_label=None)(torch.zeros(1, 2, 1, 1, 4), target)
    dice = (2 * 1 + 1) / (2 + 2 + 1)  # half of two voxels is right; half of four is predicted; one is added
    assert loss.item() == pytest.approx(math.log(2) + 1 - dice)


def test_a_class_counts_by_the_root_of_its_voxels():
    # Of nine voxels eight are background and one is class 1; only that one is uncertain, with one half.
    target = torch.tensor([0] * 8 + [1]).reshape(1, 1, 1, 1, 9)
    logits = sure_of(target[0, 0], 2)
    logits[..., 8] = 0
    weight = 1 / (8 / math.sqrt(8) + 1)
    dice = (2 * 0.5 + 1) / (0.5 + 1 + 1)
    loss = PresentClassesLoss(ignore_label=None)(logits, target)
    assert loss.item() == pytest.approx(weight * math.log(2) + 1 - dice, rel=1e-5)


def test_structures_that_the_batch_lacks_do_not_count(truth):
    loss = PresentClassesLoss(ignore_label=None)
    more_outputs = torch.cat([sure_of(truth), torch.full((1, 20, 2, 4, 4), -50.0)], dim=1)
    assert loss(more_outputs, truth[None, None]) == loss(sure_of(truth), truth[None, None])


def test_a_batch_of_background_has_a_cross_entropy():
    logits = torch.randn(1, 3, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(1, 1, 2, 4, 4, dtype=torch.int16)
    expected = cross_entropy(logits, target[:, 0].long())
    torch.testing.assert_close(PresentClassesLoss(ignore_label=None)(logits, target), expected)


def test_ignored_voxels_change_nothing(truth):
    ignored = truth.clone()
    ignored[0, 3] = IGNORED
    logits = torch.randn(1, 4, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    changed = logits.clone()
    changed[:, :, 0, 3] = 100 * torch.randn(4, 4, generator=torch.Generator().manual_seed(1))
    loss = PresentClassesLoss(ignore_label=IGNORED)
    torch.testing.assert_close(loss(logits, ignored[None, None]), loss(changed, ignored[None, None]))
    assert loss(logits, ignored[None, None]) != loss(logits, truth[None, None])


def test_gradients_reach_every_known_voxel(truth):
    ignored = truth.clone()
    ignored[0, 3] = IGNORED
    logits = torch.zeros(1, 4, 2, 4, 4, requires_grad=True)
    PresentClassesLoss(ignore_label=IGNORED)(logits, ignored[None, None]).backward()
    reached = logits.grad.abs().sum(1)[0] > 0
    assert (reached == (ignored != IGNORED)).all()


def test_half_precision_counts_as_many_voxels():
    target = torch.zeros(1, 1, 1, 300, 300, dtype=torch.long)  # more than the 65504 that float16 holds
    target[..., 0] = 1
    logits = torch.zeros(1, 2, 1, 300, 300)
    loss = PresentClassesLoss(ignore_label=None)
    torch.testing.assert_close(loss(logits.half(), target), loss(logits, target))


def test_a_batch_that_is_ignored_teaches_nothing(truth):
    logits = torch.randn(1, 4, 2, 4, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    loss = PresentClassesLoss(ignore_label=IGNORED)(logits, torch.full_like(truth, IGNORED)[None, None])
    loss.backward()
    assert loss == 0
    assert not logits.grad.any()
