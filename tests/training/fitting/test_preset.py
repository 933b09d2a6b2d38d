from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg.inference.model.architecture import DYNUNET, build_network
from hnseg.inference.model.nnunet_plans import Architecture
from hnseg_training.fitting.network import DynUnetNetwork, Network
from hnseg_training.fitting.preset import PRESETS, Preset, preset_named
from hnseg_training.fitting.prompts.settings import STAGES
from hnseg_training.fitting.stages import at_stage

PLANS = {
    "configurations": {
        "2d": {},
        "3d_fullres": {
            "patch_size": [64, 64, 64],
            "batch_size": 3,
            "batch_dice": False,
            "data_identifier": "nnUNetPlans_3d_fullres",
            "architecture": {"network_class_name": "PlainConvUNet", "arch_kwargs": {"n_conv_per_stage": [2], "a": 1}},
        },
    },
    "transpose_forward": [0, 1, 2],
    "dataset_name": "x",
}
TWO_LEVELS = {
    "features": (4, 8),
    "strides_zyx": ((1, 1, 1), (1, 2, 2)),
    "kernels_zyx": ((1, 3, 3), (3, 3, 3)),
}


def configuration_of(preset):
    """Return the only configuration that a preset leaves in the plans."""
    plans = preset.applied_to(PLANS)
    assert plans["dataset_name"] == "x"
    assert list(plans["configurations"]) == ["3d_fullres"]
    return plans["configurations"]["3d_fullres"]


def test_without_overrides_the_planners_decisions_are_kept():
    assert configuration_of(PRESETS["default"]) == PLANS["configurations"]["3d_fullres"]


def test_overrides_take_the_place_of_decisions():
    preset = Preset(planner="p", plans_name="own", patch_size_zyx=(8, 16, 16), batch_size=1, batch_dice=True)
    assert configuration_of(preset) == {
        **PLANS["configurations"]["3d_fullres"],
        "patch_size": [8, 16, 16],
        "batch_size": 1,
        "batch_dice": True,
    }


def test_what_is_given_by_z_y_and_x_follows_the_axes_of_the_plans():
    network = Network(**TWO_LEVELS, encoder_blocks=(1, 2), decoder_convolutions=(1,))
    preset = Preset(planner="p", plans_name="own", patch_size_zyx=(8, 16, 24), network=network)
    turned = preset.applied_to({**PLANS, "transpose_forward": [1, 0, 2]})["configurations"]["3d_fullres"]
    assert turned["patch_size"] == [16, 8, 24]
    assert turned["architecture"]["arch_kwargs"]["strides"] == [[1, 1, 1], [2, 1, 2]]
    assert turned["architecture"]["arch_kwargs"]["kernel_sizes"] == [[3, 1, 3], [3, 3, 3]]


def test_cases_of_another_spacing_have_a_folder_of_their_own():
    preset = Preset(planner="p", plans_name="own", spacing_zyx_mm=(3.0, 2.0, 2.0))
    assert configuration_of(preset)["data_identifier"] == "own_3d_fullres"


def test_a_network_replaces_the_levels_and_keeps_the_rest():
    network = Network(**TWO_LEVELS, encoder_blocks=(1, 2), decoder_convolutions=(1,))
    architecture = configuration_of(Preset(planner="p", plans_name="own", network=network))["architecture"]
    assert architecture == {
        "network_class_name": "PlainConvUNet",
        "arch_kwargs": {
            "a": 1,
            "n_stages": 2,
            "features_per_stage": [4, 8],
            "strides": [[1, 1, 1], [1, 2, 2]],
            "kernel_sizes": [[1, 3, 3], [3, 3, 3]],
            "n_conv_per_stage": [1, 2],
            "n_conv_per_stage_decoder": [1],
        },
    }


def test_a_dynunet_replaces_the_whole_network_and_has_no_deep_supervision():
    network = DynUnetNetwork(**TWO_LEVELS, normalisation="batch")
    preset = Preset(planner="p", plans_name="own", network=network)
    assert configuration_of(preset)["architecture"]["network_class_name"] == DYNUNET
    assert not preset.deep_supervision
    assert PRESETS["demo"].deep_supervision


@pytest.mark.parametrize("name", ["recurrence", "recurrence-paper", "recurrence-pretrain"])
def test_recurrences_are_learnt_by_the_published_network_on_the_published_crop(name):
    preset = PRESETS[name]
    plan = configuration_of(preset)
    assert (plan["patch_size"], plan["batch_size"], plan["batch_dice"]) == ([128, 224, 160], 2, True)
    assert not preset.deep_supervision
    architecture = Architecture.model_validate(plan["architecture"])
    network = build_network(architecture, channels=2, outputs=2, path=Path("plans.json"))
    assert sum(parameter.numel() for parameter in network.parameters()) == 5_643_809


def test_recurrence_paper_is_trained_as_its_authors_say():
    training = PRESETS["recurrence-paper"].training
    assert (training.trainer, training.learning_rate, training.weight_decay) == ("nnUNetTrainerVanillaAdam", 0.1, 0)
    assert (training.schedule, training.loss, training.only_flipped) == ("plateau", "structure_dice", 0.1)
    assert (training.epochs, training.patience, training.iterations) == (1000, 60, None)


def test_the_result_folder_is_named_as_nnunet_names_it():
    assert PRESETS["demo"].result_name == "nnUNetTrainerAdam__hnsegDemoPlans__3d_fullres"


def test_each_stage_has_a_result_folder_of_its_own():
    names = [at_stage(PRESETS["hn-uiseg"], stage).result_name for stage in STAGES]
    assert names == [
        f"nnUNetTrainerAdam__hnsegUisegPlans{stage}__3d_fullres" for stage in ("Pretrain", "Automatic", "Interactive")
    ]


def test_hn_uiseg_is_trained_as_its_authors_say():
    preset = PRESETS["hn-uiseg"]
    assert preset.patch_size_zyx == (160, 224, 224)
    assert preset.dropout == 0.05
    assert preset.network.features[0] == 32
    assert max(preset.network.features) == 256
    assert list(preset.stages) == list(STAGES)
    for training in preset.stages.values():
        assert (training.trainer, training.epochs, training.schedule, training.warm_up_epochs, training.loss) == (
            "nnUNetTrainerAdam",
            300,
            "cosine",
            10,
            "squared_dice",
        )
    assert preset.prompts.active == 0.5


def test_plans_names_are_never_shared():
    names = [preset.plans_name for preset in PRESETS.values()]
    assert len(set(names)) == len(names)


def test_an_unknown_preset_is_refused():
    with pytest.raises(InputError, match=r"one of default, resenc-m, paper, demo, .*demo-hn-uiseg, found 'huge'"):
        preset_named("huge")
