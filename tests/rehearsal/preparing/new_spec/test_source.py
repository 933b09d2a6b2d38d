import subprocess
import sys
from pathlib import Path

import pytest

from hnseg.rehearsal.preparing.new_spec.source import source_of
from hnseg.rehearsal.preparing.new_spec.spec import NewSpec
from hnseg.rehearsal.preparing.spec_file import SPEC_FILE, load_spec
from tests.support.answering.spec import EDITIONS
from tests.support.small_challenges import CHALLENGES, ROOT

SPECS = [*(load_spec(challenge.container_dir) for challenge in CHALLENGES), EDITIONS["asking"]]
ODD = 'say "hi" to \'them\' \\ \\n """ µ'


@pytest.fixture
def written(tmp_path):
    def write(spec, *doubts):
        (tmp_path / SPEC_FILE).write_text(source_of(NewSpec(spec, doubts)), encoding="utf-8")
        return tmp_path

    return write


def with_platform_limits(spec):
    return spec.model_copy(update={"limits": spec.limits.model_copy(update={"time_s": 90.0})})


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.title)
def test_a_written_spec_is_read_back_to_the_last_value(written, spec):
    assert load_spec(written(spec, "A doubt.")) == spec


def test_texts_of_any_kind_stay_as_they_are(written):
    spec = SPECS[0].model_copy(update={"title": ODD})
    folder = written(spec, ODD)
    assert load_spec(folder) == spec
    assert "'''" in (folder / SPEC_FILE).read_text(encoding="utf-8").split("SPEC =")[0]


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.title)
def test_a_written_spec_is_as_this_repositorys_tools_ask(written, spec):
    file = written(with_platform_limits(spec), "A doubt.", "word " * 60) / SPEC_FILE
    tools = Path(sys.executable).parent
    for command in (["ruff", "format", "--check"], ["ruff", "check", "--ignore=INP001,E501"]):
        done = subprocess.run(
            [tools / command[0], *command[1:], file], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_written_spec_has_the_types_of_its_fields(written):
    file = written(SPECS[-1]) / SPEC_FILE
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", file], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
