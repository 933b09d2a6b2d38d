"""Modules of a challenge, found by its name."""

import sys

import pytest

from hnseg.discovery import challenge_module, challenge_names, challenges_with
from hnseg.errors import InputError


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a package with a challenge that is a module and two that are folders, one of them with a part."""
    folder = tmp_path / "found_by_name"
    for name in ("small", "large"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(f"NAME = {name!r}\n")
    (folder / "__init__.py").write_text("")
    (folder / "plain.py").write_text("NAME = 'plain'\n")
    (folder / "large" / "extra.py").write_text("NAME = 'extra of large'\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder.name
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        del sys.modules[name]


def test_a_module_and_a_folder_are_challenges_alike(package):
    assert challenge_names(package) == ["large", "plain", "small"]
    assert challenge_module(package, "plain").NAME == "plain"
    assert challenge_module(package, "small").NAME == "small"


def test_a_part_is_a_module_of_the_challenges_folder(package):
    assert challenge_module(package, "large", "extra").NAME == "extra of large"
    with pytest.raises(InputError, match=r"CHALLENGE must be one of large, found 'small'\. Is it misspelt\?"):
        challenge_module(package, "small", "extra")


def test_another_name_is_refused_with_those_there_are(package):
    with pytest.raises(InputError, match="CHALLENGE must be one of large, plain, small, found 'os'"):
        challenge_module(package, "os")


CHALLENGES = ["han_seg", "hecktor", "hn_uiseg", "hnts_mrg", "recurrence"]


@pytest.mark.parametrize("package", ["hnseg.evaluation.challenges", "hnseg.phantom.challenges"])
def test_every_challenge_is_scored_and_has_phantoms(package):
    assert challenge_names(package) == CHALLENGES


def test_every_challenge_can_be_converted_and_tried_and_one_has_outcomes():
    assert challenges_with("hnseg_training.challenges", "convert") == CHALLENGES
    assert challenges_with("hnseg_training.challenges", "trial") == CHALLENGES
    assert challenges_with("hnseg_training.challenges", "outcomes") == ["hecktor"]
