import os
from dataclasses import replace

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.machine import Gpu, Machine
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.running import runners
from hnseg.rehearsal.running.engine import Engine, EngineFacts, find_engine
from hnseg.rehearsal.running.runners import ImageChoice, container_runner, passable_gpus, process_runner
from tests.support.engine import copy_readable, why_there_is_no_engine
from tests.support.gpu_files import DRIVER_LINE, write_gpu_files
from tests.support.small_challenges import HECKTOR, HNTS_MRG

SMALL = Machine("Linux 6", "cpu", cpus=2, ram_gib=7.5, gpus=())
DOCKER = Engine(
    "docker",
    EngineFacts(
        "Docker 28", is_podman=False, limits_memory=True, chooses_processors=True, rootless=False, folder="/var/lib"
    ),
)


def test_a_process_says_what_it_does_not_imitate(monkeypatch):
    monkeypatch.setattr(runners, "this_machine", lambda: SMALL)
    runner = process_runner(HNTS_MRG.container_dir, profile_of(SPEC.limits), gpu=False)
    assert (runner.name, runner.image) == ("process", None)
    assert "No image was built or checked: USER, architecture, size and installed packages." in runner.gaps
    assert runner.gaps[-2:] == (
        "This machine has 2 of the platform's 4 processors: a case may take longer.",
        "This machine has 7.5 of the platform's 16 GiB of memory: a case may fail here and pass there.",
    )


def test_a_machine_without_a_gpu_passes_none(tmp_path):
    assert passable_gpus(DOCKER, SMALL, tmp_path) == (
        0,
        ("This machine has no NVIDIA GPU: the cases ran on the processor.",),
    )


def test_a_gpu_that_nvidia_smi_does_not_list_is_told(tmp_path):
    write_gpu_files(tmp_path, devices=["nvidia0"], driver_line=DRIVER_LINE.format("535.54.03"), cards=1)
    count, (gap,) = passable_gpus(DOCKER, SMALL, tmp_path)
    assert count == 0
    assert gap.startswith("This machine has an NVIDIA GPU, but nvidia-smi lists none: the cases ran on the processor.")


def test_gpus_are_passed_by_an_engine_that_has_nvidias_toolkit(tmp_path, monkeypatch):
    machine = replace(SMALL, gpus=(Gpu("T4", 15.0),) * 2)
    monkeypatch.setenv("PATH", str(tmp_path))
    count, (gap,) = passable_gpus(DOCKER, machine)
    assert count == 0
    assert gap.startswith("Docker 28 can't pass this machine's GPU to a container")
    (tmp_path / "nvidia-ctk").touch(mode=0o755)
    assert passable_gpus(DOCKER, machine) == (2, ())


@pytest.mark.engine
@pytest.mark.slow
def test_each_edition_is_built_under_a_tag_of_its_own(model_dir, tmp_path):
    if reason := why_there_is_no_engine():
        pytest.skip(reason)
    base = {"BASE_IMAGE": image} if (image := os.environ.get("HNSEG_BASE_IMAGE")) else {}
    choice = ImageChoice(build_arguments={"EDITION": "2025", **base})
    copy_readable(model_dir, tmp_path / "readable")
    profile = profile_of(SPEC.limits)
    readable = tmp_path / "readable"
    with container_runner(find_engine(), HECKTOR.container_dir, choice, readable, profile, gpu=False) as runner:
        assert runner.image.tag == "hnseg-hecktor:rehearsal-2025"
