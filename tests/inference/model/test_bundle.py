"""Opening model folders: what is there, and each reason to refuse one, with its sentence."""

import json
import os
import pickle
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from hnseg.errors import ModelError
from hnseg.inference.model.architecture import network_of
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.manifest import sha256_of


@pytest.fixture
def results(make_model, tmp_path):
    """Return a copy of nnU-Net's own result folder with two folds, to be spoilt."""
    return shutil.copytree(make_model(folds=(0, 1)), tmp_path / "nnUNetTrainer__nnUNetPlans__3d_fullres")


@pytest.fixture
def exported(make_model, tmp_path):
    """Return a copy of an exported bundle with two folds, to be spoilt."""
    return shutil.copytree(make_model(folds=(0, 1), exported=True), tmp_path / "model")


def change(path, edit):
    """Edit a JSON file in place."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def change_configuration(folder, **values):
    change(folder / "plans.json", lambda plans: plans["configurations"]["3d_fullres"].update(values))


def change_checkpoint(path, edit):
    content = torch.load(path, weights_only=False)
    edit(content)
    torch.save(content, path)


def seal(folder):
    """Bring the manifest's checksums up to date."""

    def renew(manifest):
        manifest["sha256"] = {name: sha256_of(folder / name) for name in manifest["sha256"]}

    change(folder / "manifest.json", renew)


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


def test_a_model_trained_on_all_cases_is_opened_when_it_is_alone(results):
    (results / "fold_0").rename(results / "fold_all")
    assert open_bundle(results).folds == (1,)
    assert open_bundle(results, folds=["all"]).folds == ("all",)
    shutil.rmtree(results / "fold_1")
    assert open_bundle(results).folds == ("all",)


def test_settings_of_the_method_are_read(results):
    (results / "method.json").write_text('{"gradient_channel": true}')
    assert open_bundle(results).settings == {"gradient_channel": True}


def test_weights_are_mapped_not_copied(results):
    bundle = open_bundle(results)
    stored = {tensor.data_ptr() for tensor in bundle.state_dicts[0].values()}
    assert {tensor.data_ptr() for tensor in network_of(bundle, 0).parameters()} <= stored


def test_weights_in_half_precision_are_used_in_single(exported):
    weights = exported / "fold_0.safetensors"
    save_file({name: tensor.half() for name, tensor in load_file(weights).items()}, weights)
    seal(exported)
    network = network_of(open_bundle(exported), 0)
    assert {tensor.dtype for tensor in network.parameters()} == {torch.float32}


class Evil:
    def __reduce__(self):
        return os.system, ("touch owned",)


def make_unreadable(folder):
    (folder / "plans.json").write_text("{")


def inherit_in_a_circle(plans):
    plans["configurations"]["3d_fullres"]["inherits_from"] = "3d_fullres"


def first_weights(folder):
    return folder / "fold_0" / "checkpoint_final.pth"


SPOILT_RESULTS = {
    "no such folder": (shutil.rmtree, "A model must be a folder, but .* is none. Is the model mounted"),
    "no plans": (
        lambda f: (f / "plans.json").unlink(),
        r"A model folder must hold plans.json, but .*plans.json can't be read \(No such file",
    ),
    "plans cut short": (make_unreadable, r"plans.json must hold JSON, but it does not .* Is the file damaged\?"),
    "no configurations": (
        lambda f: change(f / "plans.json", lambda plans: plans.pop("configurations")),
        "plans.json must be written by nnU-Net v2 with .*, but configurations: Field required",
    ),
    "another label manager": (
        lambda f: change(f / "plans.json", lambda plans: plans.update(label_manager="Mine")),
        "label_manager: Input should be 'LabelManager', found 'Mine'. Was a custom planner used",
    ),
    "another preprocessor": (
        lambda f: change_configuration(f, preprocessor_name="Mine"),
        "preprocessor_name: Input should be 'DefaultPreprocessor', found 'Mine'",
    ),
    "another normalisation": (
        lambda f: change_configuration(f, normalization_schemes=["ZScoreNormalization", "Mine"]),
        "normalization_schemes > 1: Input should be .*, found 'Mine'",
    ),
    "another resampling": (
        lambda f: change_configuration(f, resampling_fn_data="no_resampling_hack"),
        "resampling_fn_data must be one of resample_data_or_seg_to_shape, .*, found no_resampling_hack",
    ),
    "another way along z": (
        lambda f: change_configuration(f, resampling_fn_probabilities_kwargs={"order": 1, "order_z": 1}),
        "order_z: Input should be 0, found 1",
    ),
    "an unknown network in old plans": (
        lambda f: change_configuration(f, architecture=None, UNet_class_name="Mine"),
        "UNet_class_name must be one of PlainConvUNet, ResidualEncoderUNet, found Mine",
    ),
    "old plans without numbers": (
        lambda f: change_configuration(f, architecture=None, UNet_class_name="PlainConvUNet"),
        "without an architecture there must be n_conv_per_stage_encoder, .*unet_max_num_features",
    ),
    "a cascade": (
        lambda f: change_configuration(f, previous_stage="3d_lowres"),
        "3d_fullres in .* is the second stage of a cascade and needs the segmentation of 3d_lowres",
    ),
    "a circle of configurations": (
        lambda f: change(f / "plans.json", inherit_in_a_circle),
        "The configuration 3d_fullres must be described in .*plans.json",
    ),
    "plans of another configuration": (
        lambda f: change(f / "plans.json", lambda plans: plans["configurations"].pop("3d_fullres")),
        "The configuration 3d_fullres must be described in .*, but 3d_fullres is not among 2d",
    ),
    "another number of channels": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["channel_names"].update({"2": "PET"})),
        r"must normalise each of the 3 channels of dataset.json \(T2w, noNorm, PET\), but names 2",
    ),
    "regions without an order": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["labels"].update(both=[1, 2])),
        "regions_class_order must have as many entries as there are regions",
    ),
    "no folds": (
        lambda f: [shutil.rmtree(fold) for fold in f.glob("fold_*")],
        r"must hold at least one trained fold as fold_<k>/checkpoint_final.pth, but .* holds none",
    ),
    "mirroring axes of another patch": (
        lambda f: change_checkpoint(first_weights(f), lambda c: c.update(inference_allowed_mirroring_axes=(0, 3))),
        r"must be axes of its 3-D patch, but are \(0, 3\)",
    ),
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
        "must hold network_weights and init_args as nnU-Net v2 writes them, but .*checkpoint_final.pth does not",
    ),
    "a checkpoint that runs code": (
        lambda f: torch.save({"network_weights": Evil()}, first_weights(f)),
        r"asks for posix\.system, which could run code when it is loaded, so it was refused\.",
    ),
    "a bare pickle that runs code": (
        lambda f: first_weights(f).write_bytes(pickle.dumps(Evil(), protocol=2)),
        r"checkpoint_final.pth",
    ),
    "settings that are a list": (
        lambda f: (f / "method.json").write_text("[]"),
        "method.json must hold one JSON object, but holds list",
    ),
}


@pytest.mark.parametrize("kind", SPOILT_RESULTS)
def test_a_spoilt_result_folder_is_refused_in_a_sentence(results, kind, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    spoil, sentence = SPOILT_RESULTS[kind]
    spoil(results)
    with pytest.raises(ModelError, match=sentence):
        open_bundle(results)
    assert not (tmp_path / "owned").exists()


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
        lambda f: change(f / "manifest.json", lambda manifest: manifest.update(format="hnseg-bundle-2")),
        "manifest.json must be a manifest of this version, but format: Input should be 'hnseg-bundle-1'",
    ),
    "a manifest without a file": (
        lambda f: change(f / "manifest.json", lambda manifest: manifest["sha256"].pop("plans.json")),
        "sha256 must list every file of the bundle, but plans.json is missing",
    ),
    "weights that are none": (
        lambda f: ((f / "fold_0.safetensors").write_text("none"), seal(f)),
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


def edit_weights(folder, edit):
    weights = load_file(folder / "fold_0.safetensors")
    edit(weights)
    save_file(weights, folder / "fold_0.safetensors")


def edit_architecture(folder, **values):
    def update(plans):
        plans["configurations"]["3d_fullres"]["architecture"].update(values)

    change(folder / "plans.json", update)


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
        lambda f: edit_architecture(f, network_class_name="os.system"),
        "must name classes of dynamic_network_architectures, but names os.system. Was the model trained with a network",
    ),
    "a network that is not there": (
        lambda f: edit_architecture(f, network_class_name="dynamic_network_architectures.architectures.unet.Mine"),
        "but names dynamic_network_architectures.architectures.unet.Mine",
    ),
    "a layer of another package": (
        lambda f: edit_architecture(f, arch_kwargs={"conv_op": "subprocess.Popen"}),
        "must name classes of torch.nn, but names subprocess.Popen",
    ),
    "arguments it does not take": (
        lambda f: edit_architecture(f, arch_kwargs={"depth": 3}),
        r"must describe a network that .*PlainConvUNet can build, but it can't \(.*depth",
    ),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_weights_that_do_not_fit_are_refused_in_a_sentence(exported, kind):
    spoil, sentence = MISFITS[kind]
    spoil(exported)
    seal(exported)
    with pytest.raises(ModelError, match=sentence):
        network_of(open_bundle(exported), 0)
