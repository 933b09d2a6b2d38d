import pytest
import torch

from hnseg_training.fitting.structure_dice import SMOOTH, StructureDiceLoss

pytestmark = pytest.mark.numeric

IGNORED = 2


@pytest.fixture
def logit() -> torch.Tensor:
    """Return the structure's logit in a batch (2, 1, z, y, x)."""
    return torch.randn((2, 1, 3, 4, 5), generator=torch.Generator().manual_seed(0))


@pytest.fixture
def target(logit) -> torch.Tensor:
    return (torch.rand(logit.shape, generator=torch.Generator().manual_seed(1)) < 0.2).to(torch.int16)


def two_classes(logit: torch.Tensor) -> torch.Tensor:
    """Return the logits of background and structure as the 3-D U-Net gives them."""
    return torch.cat([torch.zeros_like(logit), logit], 1)


def test_it_is_monais_dice_loss_of_the_sigmoid_over_the_batch(logit, target):
    monai = pytest.importorskip("monai.losses")
    theirs, ours = logit.clone().requires_grad_(), logit.clone().requires_grad_()
    expected = monai.DiceLoss(sigmoid=True, batch=True, smooth_nr=SMOOTH, smooth_dr=SMOOTH)(theirs, target)
    loss = StructureDiceLoss(ignore_label=None)(two_classes(ours), target)
    torch.testing.assert_close(loss, expected)
    expected.backward()
    loss.backward()
    torch.testing.assert_close(ours.grad, theirs.grad)


def test_the_value_is_that_worked_out_by_hand():
    # Of four voxels two are the structure; the network says 1/2 everywhere.
    target = torch.tensor([0, 0, 1, 1]).reshape(1, 1, 1, 1, 4)
    loss = StructureDiceLoss(ignore_label=None)(torch.zeros(1, 2, 1, 1, 4), target)
    assert loss.item() == pytest.approx(1 - (2 * 1 + 1e-5) / (2 + 2 + 1e-5))


def test_a_patient_without_the_structure_counts_by_the_voxels_of_the_whole_batch(logit, target):
    target[1] = 0
    loss = StructureDiceLoss(ignore_label=None)(two_classes(logit), target)
    probability = logit.sigmoid()
    both, all_predicted = (probability[0] * target[0]).sum(), probability.sum()
    assert loss.item() == pytest.approx(1 - (2 * both / (all_predicted + target.sum())).item(), abs=1e-5)


def test_ignored_voxels_do_not_count(logit, target):
    target[..., 3:] = IGNORED
    loss = StructureDiceLoss(ignore_label=IGNORED)
    known = loss(two_classes(logit)[..., :3], target[..., :3])
    assert loss(two_classes(logit), target).item() == pytest.approx(known.item())
