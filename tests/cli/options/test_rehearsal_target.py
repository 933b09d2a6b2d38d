"""What is rehearsed, without an engine; `test_rehearse` has it with one."""

import pytest
import typer

from containers.hnts_mrg.spec import SPEC
from hnseg.cli.options.rehearsal import EngineName
from hnseg.cli.options.rehearsal_target import find_target
from hnseg.errors import EngineError, InputError
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.profile_file import read_profile
from hnseg.rehearsal.running.runners import ImageChoice
from tests.support import stand_in_apptainer
from tests.support.small_challenges import HNTS_MRG


def target_of(*, engine=EngineName.PROCESS, tag="", **arguments):
    return find_target(engine, HNTS_MRG.container_dir, ImageChoice(tag, arguments))


def test_processes_are_run_once_for_a_case(tmp_path):
    target = target_of(EDITION="2025")
    assert (target.engine, target.api_method, target.choice.edition) == (None, "exec", "2025")
    with target.runner(tmp_path, profile_of(SPEC.limits), gpu=False) as runner:
        assert runner.name == "process"


@pytest.mark.parametrize("asked", [{"tag": "mine:1"}, {"API_METHOD": "invoke"}])
def test_processes_have_no_image_and_serve_nothing(asked):
    with pytest.raises(typer.BadParameter, match="--engine process has no image"):
        target_of(**asked)


def test_a_profile_for_the_other_method_is_refused():
    target = target_of()
    target.check(profile_of(SPEC.limits))
    with pytest.raises(InputError, match=r"The profile invoke is for containers of the API method invoke, but this"):
        target.check(profile_of(SPEC.limits, files=read_profile("invoke")))


def test_without_an_engine_there_are_processes_unless_an_image_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert target_of(engine=None).engine is None
    with pytest.raises(EngineError, match="A container engine must answer"):
        target_of(engine=None, tag="mine:1")


def test_apptainer_builds_no_image():
    with pytest.raises(typer.BadParameter, match=r"--engine apptainer builds no image: name one with --image, a \.sif"):
        target_of(engine=EngineName.APPTAINER)


def test_apptainer_runs_an_image_once_for_a_case(tmp_path, monkeypatch):
    stand_in_apptainer.install(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    target = target_of(engine=EngineName.APPTAINER, tag="mine.sif")
    assert (target.engine, target.api_method, target.apptainer.version) == (None, "exec", "Apptainer 1.4.2")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="apptainer must be installed for --engine apptainer"):
        target_of(engine=EngineName.APPTAINER, tag="mine.sif")
