"""A folder of the form of the public GradientSegHNTS weights runs as the container's README says.

The weights themselves were not at hand. The form is that of Aarhus-RadOnc-AI/GradientSegHNTS at 668598d: Dataset504
with the channels T2 and gradient, trained as nnUNetTrainer__nnUNetResEncUNetMPlans__3d_fullres_bs8, a configuration
that inherits from 3d_fullres.
"""

import json
import re
import shutil

import pytest

from hnseg.imaging.gradient_map import GradientMapSettings
from hnseg.inference.model.bundle import open_bundle
from hnseg.platform.challenge import load_challenge
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.running.runners import process_runner
from tests.support.model_folders import change, change_checkpoint
from tests.support.small_challenges import HNTS_MRG
from tests.support.small_rehearsal import no_progress, write_case

CONFIGURATION = "3d_fullres_bs8"


def written_in_the_readme():
    """Return the settings that the README gives for these weights."""
    readme = (HNTS_MRG.container_dir / "README.md").read_text(encoding="utf-8")
    section = readme.partition("## The authors' own weights")[2]
    return json.loads(re.search(r"cat > \S*method\.json\S* <<'END'\n(.*?)\nEND\n", section, re.DOTALL)[1])


@pytest.fixture
def weights(make_model, tmp_path):
    """A residual-encoder model of two folds in the form of the public weights, with the settings of the README."""
    made = make_model(folds=(0, 1), channel_names=["T2", "gradient"], planner="resenc")
    folder = tmp_path / f"nnUNetTrainer__nnUNetResEncUNetMPlans__{CONFIGURATION}"
    shutil.copytree(made, folder)
    inherited = {CONFIGURATION: {"inherits_from": "3d_fullres", "batch_size": 8}}
    change(folder / "plans.json", lambda plans: plans["configurations"].update(inherited))
    for file in folder.glob("fold_*/checkpoint_final.pth"):
        change_checkpoint(file, lambda content: content["init_args"].update(configuration=CONFIGURATION))
    (folder / "method.json").write_text(json.dumps(written_in_the_readme()), encoding="utf-8")
    return folder


def test_the_readmes_settings_are_those_of_the_authors_program():
    settings = load_challenge("hnts_mrg").method.Settings.model_validate(written_in_the_readme())
    assert settings.gradient_map == GradientMapSettings.paper()


def test_both_channels_normalise_as_nnunet_does_by_default(weights):
    bundle = open_bundle(weights)
    assert list(bundle.channels) == ["T2", "gradient"]
    assert list(bundle.configuration.normalization_schemes) == ["ZScoreNormalization"] * 2


@pytest.mark.slow
def test_the_folder_is_rehearsed_as_it_is(weights, tmp_path):
    challenge = load_challenge("hnts_mrg")
    limits = profile_of(challenge.spec.limits)
    request = Request(challenge.spec, find_cases([write_case(HNTS_MRG, tmp_path)]), weights, limits, tmp_path / "kept")
    result = rehearse(request, process_runner(HNTS_MRG.container_dir, limits, gpu=False), no_progress)
    assert result.passed, result.verdict
    assert result.cases[0].provenance["settings"]["gradient_map"]["overlap"] == "later"
