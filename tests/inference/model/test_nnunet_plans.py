"""Plans and dataset of nnU-Net, and each reason to refuse them, with its sentence."""

import pytest

from hnseg.errors import ModelError
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.model.nnunet_plans import Dataset, configuration_of, read_plans
from tests.support.model_folders import change, change_configuration


def make_unreadable(folder):
    (folder / "plans.json").write_text("{")


def inherit_in_a_circle(plans):
    plans["configurations"]["3d_fullres"]["inherits_from"] = "3d_fullres"


SPOILT = {
    "no plans": (
        lambda f: (f / "plans.json").unlink(),
        r"A model folder must hold plans.json, but .*plans.json can't be read \(No such file",
    ),
    "plans cut short": (make_unreadable, r"plans.json must hold JSON, but it does not .* Is the file damaged\?"),
    "no configurations": (
        lambda f: change(f / "plans.json", lambda plans: plans.pop("configurations")),
        "plans.json must be written by nnU-Net v2 with .*, but configurations is missing",
    ),
    "another label manager": (
        lambda f: change(f / "plans.json", lambda plans: plans.update(label_manager="Mine")),
        "label_manager must be 'LabelManager', found 'Mine'. Was a custom planner used",
    ),
    "another preprocessor": (
        lambda f: change_configuration(f, preprocessor_name="Mine"),
        "preprocessor_name must be 'DefaultPreprocessor', found 'Mine'",
    ),
    "another normalisation": (
        lambda f: change_configuration(f, normalization_schemes=["ZScoreNormalization", "Mine"]),
        "normalization_schemes > 1 must be .*, found 'Mine'",
    ),
    "another resampling": (
        lambda f: change_configuration(f, resampling_fn_data="my_resampling"),
        "resampling_fn_data must be one of resample_data_or_seg_to_shape, .*, found my_resampling",
    ),
    "another way along z": (
        lambda f: change_configuration(f, resampling_fn_probabilities_kwargs={"order": 1, "order_z": 1}),
        "order_z must be 0, found 1",
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
        "3d_fullres in .* is the second stage of a cascade and must have the model of the first, 3d_lowres",
    ),
    "a circle of configurations": (
        lambda f: change(f / "plans.json", inherit_in_a_circle),
        "The configuration 3d_fullres must be described in .*plans.json",
    ),
    "plans of another configuration": (
        lambda f: change(f / "plans.json", lambda plans: plans["configurations"].pop("3d_fullres")),
        "The configuration 3d_fullres must be described in .*, but 3d_fullres is not among 2d",
    ),
    "a name without an end": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["labels"].update({"C" * 5000: "one"})),
        r"but labels > C{10,200}\.\.\. must be an integer.*\?$",
    ),
    "regions without an order": (
        lambda f: change(f / "dataset.json", lambda dataset: dataset["labels"].update(both=[1, 2])),
        "regions_class_order must have as many entries as there are regions",
    ),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_spoilt_plans_are_refused_in_a_sentence(results, kind):
    spoil, sentence = SPOILT[kind]
    spoil(results)
    with pytest.raises(ModelError, match=sentence):
        open_bundle(results)


def test_a_configuration_inherits_the_values_it_does_not_have(results):
    path = results / "plans.json"
    change(path, lambda plans: plans["configurations"].update(mine={"inherits_from": "3d_fullres", "batch_size": 7}))
    plans = read_plans(results)
    full, mine = (configuration_of(plans, name, path) for name in ("3d_fullres", "mine"))
    assert mine.name == "mine"
    assert (mine.patch_size, mine.architecture) == (full.patch_size, full.architecture)


@pytest.mark.parametrize(
    ("labels", "order", "values"),
    [
        ({"background": 0, "a": 1, "b": 2}, None, (0, 1, 2)),
        ({"background": 0, "a": 1, "ignore": 2}, None, (0, 1)),
        ({"background": 0, "whole": (1, 2), "core": 2}, (1, 2), (1, 2)),
        ({"background": 0, "core": 2, "whole": (1, 2)}, (2, 1), (2, 1)),
        ({"background": (0,), "a": (1,)}, None, (0, 1)),
    ],
)
def test_each_output_has_its_value_in_the_label_map(labels, order, values):
    assert Dataset(channel_names={"0": "CT"}, labels=labels, regions_class_order=order).output_values == values


def test_outputs_have_the_names_of_their_labels():
    classes = Dataset(channel_names={"0": "CT"}, labels={"background": 0, "b": 2, "a": 1, "ignore": 3})
    assert classes.output_names == ("background", "a", "b")
    labels = {"background": 0, "whole": (1, 2), "core": 2, "ignore": 3}
    regions = Dataset(channel_names={"0": "CT"}, labels=labels, regions_class_order=(1, 2))
    assert regions.output_names == ("whole", "core")
