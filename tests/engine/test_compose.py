import os
import shutil
import subprocess

import pytest

from tests.support.engine import ROOT, why_there_is_no_engine
from tests.support.small_case import files_below
from tests.support.small_challenges import CHALLENGES

pytestmark = pytest.mark.engine

NEWER, OLDER = ("docker", "compose"), ("docker-compose",)


def works(words):
    found = shutil.which(words[0])
    return found and subprocess.run([*words, "version"], capture_output=True, check=False).returncode == 0


@pytest.fixture
def compose(folders):
    """Run docker compose, of either version, on the small case, with the variables that a user sets in the shell."""
    words = next((words for words in (NEWER, OLDER) if works(words)), None)
    if reason := why_there_is_no_engine() or ("" if words else "there is no docker compose"):
        pytest.skip(reason)
    chosen = {"INPUT_DIR": folders.input, "OUTPUT_DIR": folders.output, "MODEL_DIR": folders.model, "RUN_AS": "4242"}
    chosen = {name: str(value) for name, value in chosen.items()}

    def run(*arguments):
        return subprocess.run(
            [*words, *arguments], cwd=ROOT, env=os.environ | chosen, capture_output=True, text=True, check=False
        )

    return run


@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)
def test_compose_builds_and_runs_a_case(compose, folders, put_model, challenge):
    challenge.write_case(folders.input)
    put_model(challenge)
    built = compose("build", challenge.name)
    assert built.returncode == 0, built.stderr
    done = compose("run", "--rm", "-T", challenge.name)
    assert done.returncode == 0, done.stderr
    assert files_below(folders.output) == challenge.output_files


def test_a_gpu_is_asked_for_only_with_the_second_file(compose):
    plain = compose("config").stdout
    with_gpu = compose("-f", "docker-compose.yml", "-f", "docker-compose.gpu.yml", "config").stdout
    assert "hnts_mrg" in plain
    assert "nvidia" not in plain
    assert "nvidia" in with_gpu


def test_every_challenge_has_its_service(compose):
    services = set(compose("config", "--services").stdout.split())
    assert services == {path.parent.name for path in (ROOT / "containers").glob("*/spec.py")}


def test_an_edition_has_an_image_of_its_own(compose, monkeypatch):
    assert "hnseg-hecktor:latest" in compose("config").stdout
    monkeypatch.setenv("HNSEG_EDITION", "2025")
    with_edition = compose("config").stdout
    assert "hnseg-hecktor:2025" in with_edition
    assert "EDITION: '2025'" in with_edition
