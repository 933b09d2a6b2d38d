"""Every challenge with a folder under containers/ has all its parts elsewhere, and they agree about its labels."""

import importlib
from pathlib import Path

import pytest

from hnseg.discovery import challenge_module, challenge_names, challenges_with
from hnseg.platform.challenge import load_challenge

CONTAINERS = Path(__file__).parents[2] / "containers"
CHALLENGES = sorted(path.parent.name for path in CONTAINERS.glob("*/spec.py"))
SCORES, PHANTOMS, TRAINING = "hnseg.evaluation.challenges", "hnseg.phantom.challenges", "hnseg_training.challenges"


def scored_labels(challenge: str) -> dict[int, str]:
    """Return the labels that the scores of a challenge count."""
    module = challenge_module(SCORES, challenge)
    labels = (
        module.LABELS if hasattr(module, "LABELS") else importlib.import_module(f"{module.__name__}.options").LABELS
    )
    return {label: name for name, label in labels.items()}


def test_every_challenge_has_a_score_phantoms_and_a_conversion():
    assert CHALLENGES == ["han_seg", "hecktor", "hn_uiseg", "hnts_mrg", "recurrence"]
    assert challenge_names(SCORES) == CHALLENGES
    assert challenge_names(PHANTOMS) == CHALLENGES
    assert challenges_with(TRAINING, "convert") == CHALLENGES


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_container_is_described_and_started_by_the_files_of_its_folder(name):
    challenge = load_challenge(CONTAINERS / name)
    assert challenge.spec.name == name
    assert challenge.method.Settings()  # every setting has a default
    assert all((CONTAINERS / name / file).is_file() for file in ("__init__.py", "__main__.py", "README.md"))


@pytest.mark.parametrize("name", CHALLENGES)
def test_the_labels_are_those_that_are_scored(name):
    assert load_challenge(CONTAINERS / name).spec.output.labels == scored_labels(name)


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_challenge_with_answers_has_models_of_them(name):
    spec = load_challenge(CONTAINERS / name).spec
    assert bool(spec.answers) == (name in challenges_with(TRAINING, "outcomes"))
