from pathlib import Path

import pytest
import torch

from hnseg.errors import InputError
from hnseg.inference.model.architecture import build_network
from hnseg.inference.model.nnunet_plans import Architecture
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.plan import planned_preset, write_plans
from hnseg_training.fitting.preset import PRESETS

BUNDLE_LIMIT_BYTES = 3_700_000  # of five folds, as the repository ships them


def network_of(plans: dict) -> torch.nn.Module:
    architecture = Architecture.model_validate(plans["configurations"]["3d_fullres"]["architecture"])
    return build_network(architecture, channels=2, outputs=3, path=Path("plans.json"))


def test_the_demo_plans_are_small(planned):
    plans = write_plans(planned, PRESETS["demo"])
    configuration = plans["configurations"]["3d_fullres"]
    assert configuration["patch_size"] == [16, 64, 64]
    assert configuration["batch_size"] == 2
    assert configuration["spacing"] == [3.0, 2.0, 2.0]
    assert configuration["normalization_schemes"] == ["ZScoreNormalization", "NoNormalization"]
    weights = sum(parameter.numel() for parameter in network_of(plans).parameters())
    assert 5 * 4 * weights < BUNDLE_LIMIT_BYTES


def test_the_papers_plans_are_those_it_prints(planned):
    plans = write_plans(planned, PRESETS["paper"])
    configuration = plans["configurations"]["3d_fullres"]
    assert configuration["patch_size"] == [48, 192, 192]
    assert configuration["batch_size"] == 8
    assert configuration["spacing"] == [1.2, 0.5, 0.5]
    network = network_of(plans)
    assert type(network).__name__ == "ResidualEncoderUNet"
    assert [len(stage.blocks) for stage in network.encoder.stages] == [1, 3, 4, 6, 6, 6]
    deepest = network.encoder(torch.zeros(1, 2, 48, 192, 192, device="meta"))[-1]
    assert deepest.shape == (1, 320, 6, 6, 6)
    planned.plans_file(PRESETS["paper"].plans_name).unlink()


def test_hecktors_demo_is_small_too(planned):
    preset = PRESETS["demo-hecktor"]
    plans = write_plans(planned, preset)
    weights = sum(parameter.numel() for parameter in network_of(plans).parameters())
    assert 5 * 4 * weights < BUNDLE_LIMIT_BYTES
    assert not preset.training.mirrored
    planned.plans_file(preset.plans_name).unlink()


@pytest.mark.parametrize(("preset", "network"), [("hecktor-winner", "ResidualEncoderUNet"), ("dynunet", "DynUNet")])
def test_hecktors_large_networks_have_patches_of_192_mm(planned, preset, network):
    plans = write_plans(planned, PRESETS[preset])
    configuration = plans["configurations"]["3d_fullres"]
    assert configuration["spacing"] == [1.0, 1.0, 1.0]
    assert configuration["patch_size"] == [192, 192, 192]
    assert configuration["batch_size"] == 2
    built = network_of(plans)
    assert type(built).__name__ == network
    assert built(torch.zeros(1, 2, 192, 192, 192, device="meta")).shape == (1, 3, 192, 192, 192)
    planned.plans_file(PRESETS[preset].plans_name).unlink()


def test_cases_of_another_spacing_are_kept_apart(planned):
    assert list((planned.preprocessed / "hnsegDemoPlans_3d_fullres").glob("*.b2nd"))


def test_the_only_planned_preset_needs_no_name(planned):
    assert planned_preset(planned, None) == PRESETS["demo"]
    assert planned_preset(planned, "demo") == PRESETS["demo"]


def test_a_preset_that_is_not_planned_is_refused(planned):
    with pytest.raises(InputError, match=r"'paper' must be planned in .*, but demo was found"):
        planned_preset(planned, "paper")


def test_several_planned_presets_must_be_named(planned, tmp_path):
    work = WorkFolder(tmp_path, planned.dataset)
    work.preprocessed.mkdir(parents=True)
    for name in ("default", "demo"):
        work.plans_file(PRESETS[name].plans_name).touch()
    with pytest.raises(InputError, match=r"but default, demo was found\. Name one with --preset"):
        planned_preset(work, None)
