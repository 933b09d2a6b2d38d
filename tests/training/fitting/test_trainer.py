"""What the augmentation does to nnU-Net's own transforms and trainer, on a tiny HaN-Seg."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from containers.han_seg.method import Settings
from hnseg.errors import InputError
from hnseg.inference.model.bundle import open_bundle
from hnseg_training.challenges.han_seg.convert import convert
from hnseg_training.dataset.augmentation import Augmentation, ChannelDropout, Perturbations
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.export import Label, export
from hnseg_training.fitting.fit import Schedule, fit, trainer_for
from hnseg_training.fitting.plan import plan
from hnseg_training.fitting.preset import PRESETS
from hnseg_training.fitting.trainer import with_dropout
from tests.support.tiny_han_seg import write_source

DEMO = PRESETS["demo-han-seg"]
MIRRORED = DEMO.model_copy(update={"training": DEMO.training.model_copy(update={"mirrored": True})})
ONCE = Schedule(epochs=1, iterations=1, device="cpu", threads=1)
PATCH = (16, 24, 24)
NOISE = Perturbations(kinds=("noise",), probability=1)
DRAWS = 40


@pytest.fixture(scope="module")
def work(tmp_path_factory) -> WorkFolder:
    source = write_source(tmp_path_factory.mktemp("source"))
    (source / "HaN-Seg/set_1/case_03/case_03_OAR_Eye_PL.seg.nrrd").unlink()  # so that there is a label to ignore
    work = convert(source, tmp_path_factory.mktemp("work"), settings=Settings(alignment="none"))
    plan(work, DEMO, workers=1)
    return work


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 (nnU-Net's transforms draw from it)


def transforms_of(*dropouts: ChannelDropout, mirrored: tuple[int, ...] = ()):
    """Return nnU-Net's own transforms for training, with these dropouts of channels; slices are axis 0."""
    stock = nnUNetTrainer.get_training_transforms(PATCH, (-0.5, 0.5), None, mirrored, do_dummy_2d_data_aug=False)
    return with_dropout(stock, dropouts, slice_axis=0)


def drawn(transforms, channels: torch.Tensor) -> torch.Tensor:
    segmentation = torch.zeros((1, *channels.shape[1:]), dtype=torch.int16)
    return transforms(image=channels.clone(), segmentation=segmentation)["image"]


def two_channels() -> torch.Tensor:
    """Return a patch (2, 32, 48, 48) of positive values, larger than the part cut out of it."""
    return 0.3 + torch.rand((2, 32, 48, 48), generator=torch.Generator().manual_seed(1))


def test_a_dropped_channel_is_exactly_zero_and_the_other_is_not():
    transforms = transforms_of(ChannelDropout(channel=1, whole=1, truncated=0))
    for _ in range(DRAWS):
        image = drawn(transforms, two_channels())
        assert not image[1].any()
        assert (image[0] != 0).float().mean() > 0.9


def test_a_channel_is_dropped_as_often_as_it_should():
    transforms = transforms_of(ChannelDropout(channel=1, whole=0.3, truncated=0))
    dropped = sum(not drawn(transforms, two_channels())[1].any() for _ in range(200))
    assert 40 <= dropped <= 80  # 60 are expected; 20 are three standard deviations


def test_a_truncated_channel_is_exactly_zero_beyond_a_plane():
    transforms = transforms_of(ChannelDropout(channel=1, whole=0, truncated=1))
    ends = []
    for _ in range(DRAWS):
        empty = (drawn(transforms, two_channels())[1] == 0).flatten(1).all(1)
        changes = int((empty[1:] != empty[:-1]).sum())
        assert changes <= 1  # empty slices lie together, at one end
        ends += [bool(empty[0]) - bool(empty[-1])]
    assert {-1, 1} <= set(ends)  # above in some, below in others


def test_empty_voxels_stay_empty_under_changes_of_brightness():
    field_of_view = two_channels()
    field_of_view[1, :, :, 20:] = 0
    without = transforms_of(ChannelDropout(channel=0, whole=0, truncated=0))
    transforms = transforms_of(ChannelDropout(channel=1, whole=0, truncated=0))
    outside = (slice(None), slice(None), slice(-3, None))  # far enough from the edge for every rotation
    assert all((drawn(transforms, field_of_view)[1][outside] == 0).all() for _ in range(DRAWS))
    assert not all((drawn(without, field_of_view)[1][outside] == 0).all() for _ in range(DRAWS))


def test_without_mirroring_along_x_the_left_stays_left():
    sided = torch.zeros((2, *PATCH))
    sided[0, :, :, 16:] = 1  # +x is left
    transforms = transforms_of(ChannelDropout(channel=1, whole=0.5, truncated=0), mirrored=(0, 1))
    for _ in range(DRAWS):
        image = drawn(transforms, sided)[0]
        assert image[..., 18:].mean() > image[..., :6].mean()


def test_images_are_perturbed_before_they_are_missing_and_after_they_are_turned(work):
    with trainer_for(work, DEMO, 0, ONCE) as trainer:
        trainer.augmentation = trainer.augmentation.model_copy(update={"perturbations": NOISE})
        transforms = trainer.get_training_transforms(PATCH, (-0.5, 0.5), None, (), do_dummy_2d_data_aug=False)
    names = [type(transform).__name__ for transform in transforms.transforms]
    assert names[:3] == ["SpatialTransform", "PerturbedChannel", "MissingChannels"]
    perturbed = transforms.transforms[1]
    assert set(perturbed.channels) == {0, 1}  # CT and MR
    assert perturbed.spacing_zyx_mm == DEMO.spacing_zyx_mm


def test_without_an_image_nothing_can_be_perturbed(work):
    with trainer_for(work, DEMO, 0, ONCE) as trainer:
        trainer.augmentation = Augmentation(perturbations=NOISE)
        trainer.dataset_json["channel_names"] = {"0": "noNorm", "1": "gradient map"}
        with pytest.raises(InputError, match=r"no channel of \S+ is one: their names are noNorm, gradient map"):
            trainer.check_augmentation()


def test_five_folds_of_the_demo_are_small_enough_to_ship(work):
    with trainer_for(work, DEMO, 0, ONCE) as trainer:
        network = trainer.network
    assert 5 * 4 * sum(weights.numel() for weights in network.parameters()) < 5_900_000  # and 0.1 MB for the rest


def test_the_trainer_mirrors_along_every_axis_but_x(work):
    with trainer_for(work, MIRRORED, 0, ONCE) as trainer:
        *_, axes = trainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
    assert axes == (0, 1)
    assert trainer.inference_allowed_mirroring_axes == (0, 1)


def test_the_trainer_follows_the_order_of_the_plans_axes(work):
    with trainer_for(work, MIRRORED, 0, ONCE) as trainer:
        trainer.plans_manager.plans["transpose_forward"] = [2, 0, 1]
        *_, axes = trainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
    assert axes == (1, 2)


def test_a_preset_may_do_without_mirroring(work):
    with trainer_for(work, DEMO, 0, ONCE) as trainer:
        *_, axes = trainer.configure_rotation_dummyDA_mirroring_and_inital_patch_size()
    assert axes == ()
    assert trainer.inference_allowed_mirroring_axes is None


@pytest.fixture(scope="module")
def mirrored_fold(work) -> Path:
    fit(work, MIRRORED, 2, ONCE)
    return work.results(MIRRORED.result_name) / "fold_2"


def test_the_checkpoint_says_which_axes_may_be_mirrored(mirrored_fold):
    checkpoint = torch.load(mirrored_fold / "checkpoint_final.pth", weights_only=False)
    assert checkpoint["inference_allowed_mirroring_axes"] == (0, 1)
    assert checkpoint["trainer_name"] == "nnUNetTrainerAdam"  # by which nnU-Net's own predictor finds it


@pytest.mark.usefixtures("mirrored_fold")
def test_the_bundle_keeps_left_and_right_apart(work, tmp_path):
    label = Label(name="test", version="1", licence="CC0-1.0", training_data="boxes")
    export(work, MIRRORED, tmp_path / "model", folds=[2], checkpoint="final", label=label)
    bundle = open_bundle(tmp_path / "model")
    assert bundle.mirroring_axes == (0, 1)
    assert bundle.plans.reorients  # or x would be another axis in an image that is stored otherwise
    assert bundle.dataset.labels["ignore"] == 31
    assert bundle.settings["alignment"] == "none"


def test_a_training_goes_on_from_anothers_weights(work):
    fit(work, DEMO, 0, ONCE)
    first = work.results(DEMO.result_name) / "fold_0" / "checkpoint_final.pth"
    fit(work, DEMO, 1, dataclasses.replace(ONCE, start_from=first, learning_rate=1e-12))
    weights, onwards = (
        torch.load(first.parents[1] / fold / first.name, weights_only=False)["network_weights"]
        for fold in ("fold_0", "fold_1")
    )
    for name, tensor in weights.items():
        torch.testing.assert_close(onwards[name], tensor, rtol=0, atol=1e-6)
