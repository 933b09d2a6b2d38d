import math

import pytest
import torch

from hnseg_training.fitting.squared_dice import EPSILON, SquaredDiceLoss

IGNORED = 3


def test_a_perfect_prediction_costs_nothing_also_where_a_class_is_absent():
    target = torch.tensor([0, 0, 1, 1]).reshape(1, 1, 1, 1, 4)
    logits = 50.0 * torch.nn.functional.one_hot(target[:, 0], 3).movedim(-1, 1).float()
    assert SquaredDiceLoss(ignore_label=None)(logits, target).item() == pytest.approx(0, abs=1e-6)


def test_the_values_are_those_worked_out_by_hand():
    # Two voxels of background and two of class 1, none of class 2; the network says 1/3 everywhere.
    target = torch.tensor([0, 0, 1, 1]).reshape(1, 1, 1, 1, 4)
    present = (2 * 2 / 3 + EPSILON) / (2 + 4 / 9 + EPSILON)
    absent = EPSILON / (4 / 9 + EPSILON)
    loss = SquaredDiceLoss(ignore_label=None)(torch.zeros(1, 3, 1, 1, 4), target)
    assert loss.item() == pytest.approx(math.log(3) + 1 - (2 * present + absent) / 3)


def test_each_patch_counts_alike():
    logits = torch.randn((2, 3, 2, 4, 4), generator=torch.Generator().manual_seed(0))
    target = torch.zeros((2, 1, 2, 4, 4), dtype=torch.long)
    target[0, 0, 0, :2] = 1
    target[1, 0, 1, 1, 1] = 2
    loss = SquaredDiceLoss(ignore_label=None)
    each = [loss(logits[number, None], target[number, None]).item() for number in (0, 1)]
    assert loss(logits, target).item() == pytest.approx(sum(each) / 2)


def test_ignored_voxels_do_not_count():
    target = torch.tensor([0, 1, IGNORED, IGNORED]).reshape(1, 1, 1, 1, 4)
    logits = torch.randn((1, 3, 1, 1, 4), generator=torch.Generator().manual_seed(1))
    loss = SquaredDiceLoss(ignore_label=IGNORED)
    assert loss(logits, target).item() == pytest.approx(loss(logits[..., :2], target[..., :2]).item())


def test_a_batch_that_nobody_labelled_has_a_gradient_of_zero():
    logits = torch.randn((1, 3, 1, 1, 4), requires_grad=True)
    SquaredDiceLoss(ignore_label=IGNORED)(logits, torch.full((1, 1, 1, 1, 4), IGNORED)).backward()
    assert not logits.grad.any()
