"""Weights of one fold: checkpoints that are refused, and never a run of code from a file."""

import os
import pickle

import pytest
import torch

from hnseg.errors import ModelError
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.weights import read_checkpoint, read_weights
from tests.support.model_folders import change_checkpoint, first_weights


class Evil:
    def __reduce__(self):
        return os.system, ("touch owned",)


def change_weights(folder, change):
    """Replace every tensor of a checkpoint by what a function makes of it."""

    def edit(content):
        content["network_weights"] = {name: change(tensor) for name, tensor in content["network_weights"].items()}

    change_checkpoint(first_weights(folder), edit)


IS_NO_CHECKPOINT = (
    "must hold network_weights and init_args as nnU-Net v2 writes them, but .*checkpoint_final.pth does not"
)


SPOILT = {
    "a checkpoint cut short": (
        lambda f: os.truncate(first_weights(f), first_weights(f).stat().st_size // 2),
        r"complete file as torch writes it, but .*fold_0/checkpoint_final.pth can't be read\. Was the copy",
    ),
    "a checkpoint that is text": (
        lambda f: first_weights(f).write_text("no pickle"),
        r"complete file as torch writes it, but .*fold_0/checkpoint_final.pth can't be read\.",
    ),
    "a checkpoint of another program": (
        lambda f: torch.save({"state_dict": {}}, first_weights(f)),
        IS_NO_CHECKPOINT,
    ),
    "a checkpoint of tensors without numbers": (
        lambda f: change_weights(f, lambda tensor: tensor.to("meta")),
        IS_NO_CHECKPOINT,
    ),
    "a checkpoint of sparse tensors": (
        lambda f: change_weights(f, lambda tensor: tensor.to_sparse()),
        IS_NO_CHECKPOINT,
    ),
    "a checkpoint of no tensors": (lambda f: change_weights(f, lambda _: None), IS_NO_CHECKPOINT),
    "a checkpoint that runs code": (
        lambda f: torch.save({"network_weights": Evil()}, first_weights(f)),
        IS_NO_CHECKPOINT,
    ),
    "a bare pickle that runs code": (
        lambda f: first_weights(f).write_bytes(pickle.dumps(Evil(), protocol=2)),
        r"checkpoint_final.pth",
    ),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_spoilt_checkpoint_is_refused_in_a_sentence(results, kind, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    spoil, sentence = SPOILT[kind]
    spoil(results)
    with pytest.raises(ModelError, match=sentence):
        open_bundle(results)
    assert not (tmp_path / "owned").exists()


def test_a_checkpoint_names_its_configuration_and_axes(results):
    checkpoint = read_checkpoint(first_weights(results))
    assert (checkpoint.configuration, checkpoint.mirroring_axes) == ("3d_fullres", (0, 1, 2))


def test_exported_weights_are_those_of_the_checkpoint(results, exported):
    genuine = read_checkpoint(first_weights(results)).state_dict
    weights = read_weights(exported / "fold_0.safetensors")
    assert all(torch.equal(tensor, genuine[name]) for name, tensor in weights.items())
