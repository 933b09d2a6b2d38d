"""Programs run without a container engine, under the same clock and checks."""

import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.running.process import can_cut_network
from tests.support.gpu_files import write_nvidia_smi
from tests.support.small_rehearsal import no_progress, program_runner

TESTS = Path(__file__).parents[2]
GOOD = "write(input_dir=arguments.input, output_dir=arguments.output)\n"
HEAD = """
import argparse, os, sys, time
sys.path.insert(0, {here!r})
from stub_container import *
parser = argparse.ArgumentParser()
for name in ("--input", "--output", "--model"):
    parser.add_argument(name)
arguments = parser.parse_args()
"""


@pytest.fixture
def rehearse_program(small_request, tmp_path):
    """Rehearse a Python program on the one case and return the case."""

    def run(program, *, cuts_network=False, gpus=0, **limits):
        profile = small_request.profile.model_copy(update=limits)
        program = HEAD.format(here=str(TESTS / "support")) + program
        runner = program_runner(program, tmp_path, profile, cuts_network=cuts_network, gpus=gpus)
        (case,) = rehearse(replace(small_request, profile=profile), runner, no_progress).cases
        return case

    return run


def test_a_good_program_passes_and_is_scored(rehearse_program):
    case = rehearse_program(GOOD + "print('wrote it')")
    assert case.passed, case.platform_says
    assert case.stdout_tail == ("wrote it",)
    assert set(case.structures) == {"GTVp", "GTVn"}


@pytest.mark.parametrize(
    ("program", "says"),
    [
        pytest.param("", "Output directory 'images/mri-head-neck-segmentation' is empty", id="no output"),
        pytest.param(GOOD + "sys.exit('It went wrong.')", "It went wrong.", id="status 1"),
        pytest.param("os.kill(os.getpid(), 11)", "No errors were reported in the logs.", id="dies by signal"),
    ],
)
def test_a_program_that_the_platform_would_fail(rehearse_program, program, says):
    assert rehearse_program(program).platform_says == says


def test_death_by_signal_is_named(rehearse_program):
    case = rehearse_program("os.kill(os.getpid(), 11)")
    assert case.exit_code == 128 + signal.SIGSEGV
    assert "died by signal SIGSEGV" in case.findings[0].explanation


def test_too_slow_is_stopped_with_all_its_children(rehearse_program, tmp_path):
    beat = tmp_path / "beat"
    program = f"""
os.fork()
while True:
    time.sleep(0.05)
    open({str(beat)!r}, "a").write("x")
"""
    case = rehearse_program(program, time_limit_s=5)
    assert case.platform_says == "Time limit exceeded"
    beats = beat.stat().st_size
    time.sleep(0.3)
    assert beat.stat().st_size == beats > 0


def test_a_program_that_ignores_sigterm_is_killed(rehearse_program):
    case = rehearse_program(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", time_limit_s=5, grace_s=0.5
    )
    assert case.platform_says == "Time limit exceeded"
    assert case.exit_code == 137


def test_data_beyond_the_limit_of_the_process_is_a_memory_error(rehearse_program):
    case = rehearse_program("memory = bytearray(600 << 20)", ram_gib=1.4)
    assert case.platform_says == "MemoryError"
    assert "RLIMIT_DATA" in case.findings[0].explanation


def test_memory_beyond_the_machine_is_a_kill(rehearse_program):
    program = """
import mmap
memory = mmap.mmap(-1, 600 << 20)
for _ in range(600):
    memory.write(bytes(1 << 20))
time.sleep(30)
"""
    case = rehearse_program(program, ram_gib=0.4, reserved_gib=0)
    assert case.platform_says == "The container was killed as it exceeded its memory limit"
    assert case.memory_killed


def test_peak_memory_is_what_the_program_held(rehearse_program):
    case = rehearse_program("memory = bytearray(300 << 20); time.sleep(0.3)\n" + GOOD)
    assert case.peak_program_gib == pytest.approx(0.3, abs=0.04)


@pytest.mark.skipif(not can_cut_network(), reason="the kernel does not let this user take the network away")
def test_there_is_no_network(rehearse_program):
    program = "import socket; print([name for _, name in socket.if_nameindex()])\n" + GOOD
    case = rehearse_program(program, cuts_network=True)
    assert case.stdout_tail == ("['lo']",)


def test_its_home_is_empty_and_its_environment_the_platforms(rehearse_program, monkeypatch):
    monkeypatch.setenv("HNSEG_ON_ERROR", "empty")
    program = (
        "print(os.listdir(os.environ['HOME']), os.environ.get('HNSEG_ON_ERROR'), os.environ['LOG_LEVEL'])\n" + GOOD
    )
    assert rehearse_program(program).stdout_tail == ("[] None INFO",)


def test_the_program_gets_another_time_limit_but_not_the_challenges_own(rehearse_program):
    program = "print(os.environ.get('HNSEG_LIMIT_S'))\n" + GOOD
    assert rehearse_program(program).stdout_tail == ("30",)
    own = profile_of(SPEC.limits)
    assert rehearse_program(program, environment=own.environment).stdout_tail == ("None",)


def test_a_rehearsal_that_gets_sigterm_leaves_nothing_running(case_dir, tmp_path):
    challenge = tmp_path / "root" / "containers" / "hnts_mrg"
    challenge.mkdir(parents=True)
    for name in ("__init__.py", "spec.py", "method.py"):
        shutil.copy(TESTS.parent / "containers" / "hnts_mrg" / name, challenge)
    (challenge.parent / "__init__.py").touch()
    beat = tmp_path / "beat"
    program = f"import time\nwhile True:\n    time.sleep(0.05)\n    open({str(beat)!r}, 'a').write('x')\n"
    (challenge / "__main__.py").write_text(program, encoding="utf-8")
    options = ["--engine", "process", "--case", str(case_dir), "--model", str(tmp_path)]
    main = "from hnseg.cli import main; import sys; sys.exit(main())"
    rehearsal = subprocess.Popen([sys.executable, "-c", main, "rehearse", str(challenge), *options])
    while not beat.exists():
        assert rehearsal.poll() is None
        time.sleep(0.05)
    rehearsal.terminate()
    assert rehearsal.wait(timeout=20) == 143
    beats = beat.stat().st_size
    time.sleep(0.3)
    assert beat.stat().st_size == beats


HELPER = """
if os.fork() == 0:
    os.setsid()
    {closes}
    time.sleep(2)
    os._exit(0)
"""


def test_a_helper_that_keeps_a_stream_open_is_waited_for(rehearse_program):
    case = rehearse_program(GOOD + HELPER.format(closes="os.close(1)"), time_limit_s=1)
    assert case.platform_says == "Time limit exceeded"
    assert "stdout or stderr was kept open by " in case.findings[0].explanation
    assert "program.py" in case.findings[0].explanation


@pytest.mark.parametrize(("closes", "least_s"), [("os.close(1)", 2), ("os.closerange(0, 3)", 0)])
def test_a_helper_costs_the_time_until_it_has_closed_both_streams(rehearse_program, closes, least_s):
    case = rehearse_program(GOOD + HELPER.format(closes=closes), time_limit_s=20)
    assert case.passed, case.platform_says
    assert least_s <= case.time_s < least_s + 2


def test_a_kill_that_is_not_for_memory_is_a_status(rehearse_program):
    case = rehearse_program("os.kill(os.getpid(), 9)")
    assert (case.platform_says, case.memory_killed) == ("No errors were reported in the logs.", False)
    assert "SIGKILL (status 137)" in case.findings[0].explanation


@pytest.fixture
def busy_gpu(tmp_path, monkeypatch):
    """A GPU of which other programs hold 1 GiB, and this one 2 GiB more once it has made a file, which is returned."""
    began = tmp_path / "on the GPU"
    loop = f'while sleep 0.05; do if [ -e "{began}" ]; then echo 3072; else echo 1024; fi; done'
    names = 'case "$1" in *name*) echo "Tesla T4, 15360"; exit;; esac'
    write_nvidia_smi(tmp_path, monkeypatch, f"{names}; {loop}")
    return began


def test_a_gpus_memory_is_watched_beside_what_other_programs_hold(rehearse_program, busy_gpu):
    on_gpu = f"open({str(busy_gpu)!r}, 'w').close(); time.sleep(1)\n"
    case = rehearse_program(GOOD + on_gpu, gpus=1, vram_gib=2.5)
    assert (case.passed, case.peak_vram_gib) == (True, 2.0)
    busy_gpu.unlink()
    case = rehearse_program(GOOD + on_gpu, gpus=1, vram_gib=1.5)
    assert case.platform_says.startswith("The GPU's memory in use, CUDA's own counted in, rose by 2.0 GiB; the")


@pytest.mark.usefixtures("busy_gpu")
def test_a_gpu_that_a_program_can_not_use_fails_its_case(rehearse_program):
    told = "print('THE GPU IS NOT USED: torch must be built for CUDA.', file=sys.stderr)"
    case = rehearse_program(GOOD + told, gpus=1)
    assert not case.passed
    assert case.platform_says.endswith(
        "could not use it, so it may take far too long on the platform: torch must be built for CUDA."
    )
    assert rehearse_program(GOOD + told, gpus=0).passed
