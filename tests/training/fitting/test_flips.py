import pytest
import torch
from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from hnseg_training.fitting.flips import only_flips

DRAWS = 1000
PATCH = torch.arange(2 * 2 * 3 * 4).reshape(2, 2, 3, 4).float()


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def flipping(probability: float) -> ComposeTransforms:
    return only_flips(nnUNetTrainer.get_validation_transforms(None), axis=2, probability=probability)


def drawn(transforms: ComposeTransforms) -> dict[str, torch.Tensor]:
    return transforms(image=PATCH.clone(), segmentation=PATCH[:1].clone() - 1)


def test_one_patch_in_ten_is_flipped_and_nothing_else_changes():
    transforms = flipping(0.1)
    flipped = 0
    for _ in range(DRAWS):
        image = drawn(transforms)["image"]
        is_flipped = torch.equal(image, PATCH.flip(3))
        assert is_flipped or torch.equal(image, PATCH)
        flipped += is_flipped
    assert 70 <= flipped <= 130  # 100 are expected; 30 are three standard deviations


def test_the_labels_are_flipped_with_the_image_and_padding_becomes_background():
    labels = drawn(flipping(1))["segmentation"]
    assert labels.flip(3).flatten().tolist() == [0, *range(23)]  # the first voxel was -1, nnU-Net's padding


def test_without_a_probability_nothing_is_flipped():
    assert torch.equal(drawn(flipping(0))["image"], PATCH)
