"""Model folders, opened, and each reason to refuse one, with its sentence."""

import os
import shutil

import onnx
import pytest
import torch

from hnseg.errors import ModelError
from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from tests.support.exported_bundles import seal
from tests.support.model_folders import change, change_checkpoint, change_configuration, first_weights, renew_checksums
from tests.support.onnx_graphs import convolution, with_graphs


def test_every_fold_of_a_result_folder_is_opened_with_its_configuration_and_axes(results):
    bundle = open_bundle(results)
    assert bundle.folds == (0, 1)
    assert bundle.configuration.name == "3d_fullres"
    assert bundle.configuration.patch_size == (8, 32, 32)
    assert bundle.mirroring_axes == (0, 1, 2)
    assert bundle.channels == ("T2w", "noNorm")
    assert bundle.dataset.output_values == (0, 1, 2)
    assert bundle.settings == {}
    assert set(bundle.sha256) == {
        "plans.json", "dataset.json", "fold_0/checkpoint_final.pth", "fold_1/checkpoint_final.pth"
    }  # fmt: skip


def test_the_exported_bundle_is_the_same_model(results, exported):
    genuine, bundle = open_bundle(results), open_bundle(exported)
    assert bundle.configuration == genuine.configuration
    assert (bundle.folds, bundle.mirroring_axes) == (genuine.folds, genuine.mirroring_axes)
    assert bundle.sha256["fold_1.safetensors"] == sha256_of(exported / "fold_1.safetensors")
    for fold in range(2):
        one, tensors = network_of(genuine, fold), network_of(bundle, fold).state_dict()
        assert all(torch.equal(tensor, tensors[name]) for name, tensor in one.state_dict().items())


@pytest.mark.parametrize("kind", ["results", "exported"])
def test_folds_can_be_chosen(kind, request):
    assert open_bundle(request.getfixturevalue(kind), folds=[1]).folds == (1,)


def test_the_best_checkpoint_can_be_chosen(results):
    best = results / "fold_1" / "checkpoint_best.pth"
    shutil.copyfile(results / "fold_0" / "checkpoint_final.pth", best)
    bundle = open_bundle(results, checkpoint="best")
    assert bundle.weights_files == (best,)


def test_an_exported_bundle_has_no_other_checkpoint(exported):
    with pytest.raises(
        ModelError, match=r"is an exported bundle, and best was asked for\. It was chosen at its export"
    ):
        open_bundle(exported, checkpoint="best")


def test_the_trainer_is_told(results):
    change_checkpoint(first_weights(results), lambda content: content.update(trainer_name="nnUNetTrainerMine"))
    assert open_bundle(results).trainer == "nnUNetTrainerMine"


def test_a_model_trained_on_all_cases_is_opened_when_it_is_alone(results):
    (results / "fold_0").rename(results / "fold_all")
    assert open_bundle(results).folds == (1,)
    assert open_bundle(results, folds=["all"]).folds == ("all",)
    shutil.rmtree(results / "fold_1")
    assert open_bundle(results).folds == ("all",)


def test_settings_of_the_method_are_read(results):
    (results / "method.json").write_text('{"gradient_channel": true}')
    assert open_bundle(results).settings == {"gradient_channel": True}


SPOILT_RESULTS = {
    "no such folder": (shutil.rmtree, "A model must be a folder, but .* is none. Is the model mounted"),
    "another number of channels": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["channel_names"].update({"2": "PET"})),
        r"must normalise each of the 3 channels of dataset.json \(T2w, noNorm, PET\), but names 2",
    ),
    "no folds": (
        lambda f: [shutil.rmtree(fold) for fold in f.glob("fold_*")],
        r"at least one trained fold as fold_<k>/checkpoint_final.pth or checkpoint_best.pth, but .* holds none",
    ),
    "mirroring axes of another patch": (
        lambda f: change_checkpoint(first_weights(f), lambda c: c.update(inference_allowed_mirroring_axes=(0, 3))),
        r"must be different axes of its 3-D patch, but are \(0, 3\)",
    ),
    "a mirroring axis twice": (
        lambda f: change_checkpoint(first_weights(f), lambda c: c.update(inference_allowed_mirroring_axes=(1, 1))),
        r"must be different axes of its 3-D patch, but are \(1, 1\)",
    ),
    "a transpose out of range": (
        lambda f: change(f / "plans.json", lambda plans: plans.update(transpose_forward=[0, 1, 3])),
        r"transpose_forward must hold each of the axes 0, 1 and 2 once, but is \(0, 1, 3\)",
    ),
    "a transpose with an axis twice": (
        lambda f: change(f / "plans.json", lambda plans: plans.update(transpose_forward=[0, 1, 1])),
        r"must hold each of the axes 0, 1 and 2 once, but is \(0, 1, 1\)",
    ),
    "channels that are not counted": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset.update(channel_names={"0": "T2w", "5": "b"})),
        "channel_names must count the channels from 0, but has 0, 5",
    ),
    "a label beyond any": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["labels"].update(GTVn=10**30)),
        "labels must be from 0 to 65535, but GTVn is 1000",
    ),
    "a label without a value": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["labels"].update(GTVn=[])),
        r"labels must be from 0 to 65535, but GTVn is \(\)",
    ),
    "a spacing that no scan has": (
        lambda f: change_configuration(f, spacing=[1000.0, 1.0, 1.0]),
        "spacing > 0 must be at most 100",
    ),
    "plans nested without end": (
        lambda f: (f / "plans.json").write_text("[" * 100_000),
        "plans.json must hold JSON, but it does not",
    ),
    "plans that are a pipe": (
        lambda f: [(f / "plans.json").unlink(), os.mkfifo(f / "plans.json")],
        r"plans.json can't be read \(Not a regular file\)",
    ),
    "a checkpoint that is a pipe": (
        lambda f: [first_weights(f).unlink(), os.mkfifo(first_weights(f))],
        r"A checkpoint must be a regular file, but .*checkpoint_final.pth is none",
    ),
    "a fold with a number in another script": (
        lambda f: [shutil.rmtree(f / "fold_1"), (f / "fold_0").rename(f / "fold_²")],
        "at least one trained fold as fold_<k>/checkpoint_final.pth or checkpoint_best.pth, but .* holds none",
    ),
    "settings that are a list": (
        lambda f: (f / "method.json").write_text("[]"),
        "method.json must hold one JSON object, but holds list",
    ),
}


@pytest.mark.parametrize("kind", SPOILT_RESULTS)
def test_a_spoilt_result_folder_is_refused_in_a_sentence(results, kind):
    spoil, sentence = SPOILT_RESULTS[kind]
    spoil(results)
    with pytest.raises(ModelError, match=sentence):
        open_bundle(results)


def test_a_fold_that_is_missing_is_named(results):
    with pytest.raises(ModelError, match=r"but 3, 4 is missing in .*, which has 0, 1\."):
        open_bundle(results, folds=[0, 3, 4])


SPOILT_BUNDLES = {
    "a weight changed": (
        lambda f: (f / "fold_1.safetensors").open("r+b").write(b"\0"),
        r"fold_1.safetensors must be the file that was exported, .* but its SHA-256 is [0-9a-f]{64}\. Was it damaged",
    ),
    "plans changed": (lambda f: change_configuration(f, batch_size=3), "plans.json must be the file that was exported"),
    "settings added": (
        lambda f: (f / "method.json").write_text("{}"),
        "method.json must be the file that was exported",
    ),
    "weights missing": (
        lambda f: (f / "fold_1.safetensors").unlink(),
        "The bundle must be complete, but .*fold_1.safetensors is missing. Was it unpacked",
    ),
    "a manifest of another version": (
        lambda f: change(f / "manifest.json", lambda manifest: manifest.update(format="hnseg-bundle-3")),
        "be a manifest of this version, but format must be 'hnseg-bundle-1' or 'hnseg-bundle-2'",
    ),
    "a manifest without a file": (
        lambda f: change(f / "manifest.json", lambda manifest: manifest["sha256"].pop("plans.json")),
        "sha256 must list every file of the bundle, but plans.json is missing",
    ),
    "weights that are none": (
        lambda f: ((f / "fold_0.safetensors").write_text("none"), renew_checksums(f)),
        "Weights must be a readable safetensors file, but .*fold_0.safetensors is not",
    ),
}


@pytest.mark.parametrize("kind", SPOILT_BUNDLES)
def test_a_spoilt_bundle_is_refused_in_a_sentence(exported, kind):
    spoil, sentence = SPOILT_BUNDLES[kind]
    spoil(exported)
    with pytest.raises(ModelError, match=sentence):
        open_bundle(exported)


def test_a_fold_that_was_not_exported_is_named(exported):
    with pytest.raises(ModelError, match=r"as fold_<k>.safetensors, but 2 is missing"):
        open_bundle(exported, folds=[2])


@pytest.fixture
def graphs(exported, tmp_path):
    return with_graphs(exported, tmp_path / "graphs")


def batch_of(bundle):
    return (1, len(bundle.channels), *bundle.configuration.patch_size)


def test_a_bundle_of_graphs_is_opened_without_weights(graphs):
    bundle = open_bundle(graphs)
    assert bundle.graphs.trainer == "nnUNetTrainerOwn"
    assert bundle.state_dicts == ()
    assert [path.name for path in bundle.weights_files] == ["fold_0.onnx", "fold_1.onnx"]
    assert bundle.sha256["fold_1.onnx"] == sha256_of(graphs / "fold_1.onnx")
    assert open_bundle(graphs, folds=[1]).folds == (1,)


def test_the_file_of_a_graph_s_weights_is_listed_and_checked(graphs):
    bundle = open_bundle(graphs)
    model = convolution(batch_of(bundle), len(bundle.dataset.output_values))
    apart = {"save_as_external_data": True, "location": "fold_0.onnx.data", "size_threshold": 0}
    onnx.save_model(model, graphs / "fold_0.onnx", **apart)
    seal(graphs)
    assert open_bundle(graphs).sha256["fold_0.onnx.data"] == sha256_of(graphs / "fold_0.onnx.data")
    (graphs / "fold_0.onnx.data").write_bytes(b"0" * 100)
    with pytest.raises(ModelError, match=r"fold_0\.onnx\.data must be the file that was exported"):
        open_bundle(graphs)
    (graphs / "fold_0.onnx.data").unlink()
    with pytest.raises(ModelError, match=r"fold_0\.onnx\.data is missing"):
        open_bundle(graphs)


def test_graphs_for_another_patch_or_of_another_data_set_are_refused(graphs):
    change(graphs / "manifest.json", lambda manifest: manifest["architecture"].update(patch_size=[8, 16, 16]))
    with pytest.raises(ModelError, match=r"must take the patch of .* \(8, 32, 32\), but are for \(8, 16, 16\)"):
        open_bundle(graphs)
    change(graphs / "manifest.json", lambda manifest: manifest["architecture"].update(patch_size=[8, 32, 32]))
    change(graphs / "dataset.json", lambda dataset: dataset["labels"].update(more=3))
    seal(graphs)
    with pytest.raises(ModelError, match=r"fold_0\.onnx must fit the manifest, .* what it gives must be one array"):
        open_bundle(graphs)


def test_a_changed_graph_is_refused_before_it_is_read(graphs):
    (graphs / "fold_1.onnx").write_bytes(b"anything")
    with pytest.raises(ModelError, match=r"fold_1\.onnx must be the file that was exported"):
        open_bundle(graphs)
