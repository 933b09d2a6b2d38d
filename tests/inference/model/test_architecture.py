"""Network that the plans describe, with weights in it, and each reason to refuse them."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from hnseg.errors import ModelError
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from tests.support.exported_bundles import change_arguments
from tests.support.model_folders import (
    change,
    change_architecture,
    change_checkpoint,
    change_configuration,
    first_weights,
    renew_checksums,
)


def test_weights_are_mapped_not_copied(results):
    bundle = open_bundle(results)
    stored = {tensor.data_ptr() for tensor in bundle.state_dicts[0].values()}
    assert {tensor.data_ptr() for tensor in network_of(bundle, 0).parameters()} <= stored


def test_weights_in_half_precision_are_used_in_single(exported):
    weights = exported / "fold_0.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(weights).items()}, weights)
    renew_checksums(exported)
    network = network_of(open_bundle(exported), 0)
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}


def test_weights_in_another_order_in_memory_are_brought_into_that_of_their_axes(results):
    def reorder(content):
        content["network_weights"] = {
            name: tensor.contiguous(memory_format=torch.channels_last_3d) if tensor.ndim == 5 else tensor
            for name, tensor in content["network_weights"].items()
        }

    change_checkpoint(first_weights(results), reorder)
    bundle = open_bundle(results)
    assert not all(tensor.is_contiguous() for tensor in bundle.state_dicts[0].values())
    weights = network_of(bundle, 0).state_dict()
    assert all(tensor.is_contiguous() for tensor in weights.values())
    assert all(torch.equal(weights[name], tensor) for name, tensor in bundle.state_dicts[0].items())


def test_the_trainer_of_weights_that_do_not_fit_is_named(results):
    def replace(content):
        content["network_weights"] = {"mine.weight": torch.ones(3)}
        content["trainer_name"] = "nnUNetTrainerMine"

    change_checkpoint(first_weights(results), replace)
    with pytest.raises(
        ModelError, match=r"were trained by nnUNetTrainerMine\. Does it build its own .*--trainer nnUNetTr"
    ):
        network_of(open_bundle(results), 0)


def test_weights_that_are_not_finite_are_refused_with_their_fold(results):
    path = results / "fold_1" / "checkpoint_final.pth"
    change_checkpoint(path, lambda content: next(iter(content["network_weights"].values())).fill_(float("nan")))
    network_of(open_bundle(results), 0)
    with pytest.raises(
        ModelError, match=r"fold_1/checkpoint_final.pth must be finite numbers, but .* Did the training"
    ):
        network_of(open_bundle(results), 1)


def test_a_tensor_that_only_claims_to_be_large_takes_no_memory(results):
    def expand(content):
        content["network_weights"] = {
            name: torch.zeros(1, dtype=torch.float16).expand(2**40) for name in content["network_weights"]
        }

    change_checkpoint(first_weights(results), expand)
    with pytest.raises(ModelError, match=r"has shape \(1099511627776,\) instead of"):
        network_of(open_bundle(results), 0)


def edit_weights(folder, edit):
    weights = load_file(folder / "fold_0.safetensors")
    edit(weights)
    save_file(weights, folder / "fold_0.safetensors")


MISFITS = {
    "a tensor missing": (
        lambda f: edit_weights(f, lambda weights: weights.pop(min(weights))),
        r"fold_0.safetensors must fit the network that the plans describe, but .* is missing\.",
    ),
    "a tensor too many": (
        lambda f: edit_weights(f, lambda weights: weights.update(extra=torch.zeros(1))),
        "but extra has no place in it. Do they belong to other plans",
    ),
    "more labels": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["labels"].update(c=3)),
        r"has shape \(3, .*\) instead of \(4, ",
    ),
    "a class of another package": (
        lambda f: change_architecture(f, network_class_name="os.system"),
        "must name classes of dynamic_network_architectures, but names os.system. Was the model trained with a network",
    ),
    "a network that is not there": (
        lambda f: change_architecture(f, network_class_name="dynamic_network_architectures.architectures.unet.Mine"),
        "but names dynamic_network_architectures.architectures.unet.Mine",
    ),
    "a layer of another package": (
        lambda f: change_architecture(f, arch_kwargs={"conv_op": "subprocess.Popen"}),
        "must name classes of torch.nn or dynamic_network_architectures.building_blocks, but names subprocess.Popen",
    ),
    "whole numbers": (
        lambda f: edit_weights(
            f, lambda weights: weights.update({min(weights): weights[min(weights)].to(torch.int64)})
        ),
        r" is of torch\.int64 instead of torch\.float32\. Do they belong to other plans",
    ),
    "numbers that are not finite": (
        lambda f: edit_weights(f, lambda weights: weights.update({min(weights): weights[min(weights)] * float("nan")})),
        r"fold_0\.safetensors must be finite numbers, but .* holds NaN or infinite ones\. Did the training of",
    ),
    "a patch that is no multiple of the strides": (
        lambda f: change_configuration(f, patch_size=[8, 17, 16]),
        r"must give a patch that its network takes, but \(8, 17, 16\) is none \(.*\)\. Is it no multiple of",
    ),
    "strides that are no numbers": (
        lambda f: change_arguments(f, strides=[["a", 1, 1]] * 4),
        "must give strides as whole numbers from 1 to 64, but holds 'a'",
    ),
    "more stages than any network": (
        lambda f: change_arguments(f, n_stages=10**9),
        "must give n_stages as whole numbers from 1 to 16, but holds 1000000000",
    ),
    "arguments it does not take": (
        lambda f: change_architecture(f, arch_kwargs={"depth": 3}),
        r"must describe a network that .*PlainConvUNet can build, but it can't \(.*depth",
    ),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_weights_that_do_not_fit_are_refused_in_a_sentence(exported, kind):
    spoil, sentence = MISFITS[kind]
    spoil(exported)
    renew_checksums(exported)
    with pytest.raises(ModelError, match=sentence):
        network_of(open_bundle(exported), 0)
