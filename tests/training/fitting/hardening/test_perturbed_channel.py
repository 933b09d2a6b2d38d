import numpy as np
import pytest
import torch

from hnseg.robustness.perturbations.kind import KINDS
from hnseg_training.dataset.augmentation import Perturbations
from hnseg_training.fitting.hardening.channels import CtChannel, UnnormalisedChannel
from hnseg_training.fitting.hardening.perturbed_channel import PerturbedChannel

SPACING = (3.3, 2.8, 2.8)
CHANNELS = {
    0: CtChannel(70.0, 25.0, (0.0, 140.0), SPACING),
    2: UnnormalisedChannel(non_negative=True),
}  # 1 is a map
SHAPE = (16, 24, 24)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def patch(*, padded: int = 0, missing: bool = False) -> dict[str, torch.Tensor]:
    """Return a patch of three channels, of which the last rows along x are padded."""
    image = 0.3 + torch.rand((3, *SHAPE), generator=torch.Generator().manual_seed(1))
    segmentation = torch.zeros((1, *SHAPE), dtype=torch.int16)
    if missing:
        image[2] = 0
    if padded:
        image[..., -padded:] = 0
        segmentation[..., -padded:] = -1
    return {"image": image, "segmentation": segmentation}


def changed(transform: PerturbedChannel, **named) -> list[bool]:
    """Return which channels of a new patch a transform changes."""
    before, after = patch(**named)["image"], transform(**patch(**named))["image"]
    assert torch.isfinite(after).all()
    return [not torch.equal(*channels) for channels in zip(before, after, strict=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_one_image_of_a_patch_and_no_map(kind):
    transform = PerturbedChannel(Perturbations(kinds=(kind,), probability=1), CHANNELS, SPACING)
    found = [changed(transform) for _ in range(20)]
    assert all(sum(channels) <= 1 for channels in found)
    assert not any(channels[1] for channels in found)
    assert any(channels[0] for channels in found)
    assert any(channels[2] for channels in found)


def test_patches_are_perturbed_as_often_as_they_should():
    transform = PerturbedChannel(Perturbations(kinds=("noise",), probability=0.3), CHANNELS, SPACING)
    perturbed = sum(any(changed(transform)) for _ in range(200))
    assert 40 <= perturbed <= 80  # 60 are expected; 20 are three standard deviations


@pytest.mark.parametrize("kind", KINDS)
def test_padding_and_a_missing_image_stay_as_they_are(kind):
    transform = PerturbedChannel(Perturbations(kinds=(kind,), probability=1), CHANNELS, SPACING)
    for _ in range(10):
        image = transform(**patch(padded=5, missing=True))["image"]
        assert not image[..., -5:].any()
        assert not image[2].any()


def test_a_patch_beyond_the_image_is_left_alone():
    transform = PerturbedChannel(Perturbations(kinds=("noise",), probability=1), CHANNELS, SPACING)
    assert not any(changed(transform, padded=SHAPE[2]))


def test_the_same_seed_gives_the_same_patches():
    transform = PerturbedChannel(Perturbations(kinds=KINDS, probability=1), CHANNELS, SPACING)

    def drawn() -> np.ndarray:
        torch.manual_seed(3)
        return np.stack([transform(**patch())["image"].numpy() for _ in range(6)])

    np.testing.assert_array_equal(drawn(), drawn())
