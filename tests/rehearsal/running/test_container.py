"""Containers that the platform would fail, each a real image in a real engine, caught with the platform's sentence."""

import re

import pytest

from hnseg.rehearsal.running.container import ContainerSetup, open_for_removal, run_exec
from hnseg.rehearsal.running.workplace import workplace

pytestmark = pytest.mark.engine

GOOD = "from stub_container import *\nwrite()\n"
SEGMENTATION = "'images/mri-head-neck-segmentation'"


def failure_of(result):
    """The one case's first failure."""
    (case,) = result.cases
    assert not case.passed
    assert not result.passed
    return next(finding for finding in case.findings if finding.severity == "failure")


def test_a_good_container_passes_and_is_scored(build, rehearse_image):
    result = rehearse_image(build(GOOD + "print('wrote it')"))
    (case,) = result.cases
    assert result.passed, result.verdict
    assert case.findings == ()
    assert case.exit_code == 0
    assert case.output_file == "images/mri-head-neck-segmentation/output.mha"
    assert case.stdout_tail == ("wrote it",)
    assert 0 < case.time_s < 30
    # One voxel of GTVp where the reference has none: Dice 0 for both structures.
    assert {name: metrics["dsc"] for name, metrics in case.structures.items()} == {"GTVp": 0, "GTVn": 0}
    assert result.score.score == 0


@pytest.mark.parametrize(
    ("program", "says", "explains"),
    [
        pytest.param("print('done')", f"Output directory {SEGMENTATION} is empty", "must be one .mha", id="no output"),
        pytest.param(
            GOOD + "write('second.mha')", f"Only 1 image should be produced in {SEGMENTATION}, we found 2",
            "output.mha, second.mha", id="two images",
        ),
        pytest.param(
            "from stub_container import *\nimport gzip, os\nwrite()\nos.chdir('/output/' + OUTPUT)\n"
            "gzip.open('output.nii.gz', 'wb').write(b'n+1' * 400)\nos.remove('output.mha')",
            f"No output images could be imported from {SEGMENTATION}", "not NIfTI", id=".nii.gz",
        ),
        pytest.param(
            "from stub_container import *\nwrite(element='MET_SHORT')", "Image segments could not be determined",
            "16-bit signed integer, 1 a voxel", id="wrong type",
        ),
        pytest.param(
            "from stub_container import *\nwrite(value=7)",
            r"The valid voxel values for this segmentation are: {0, 1, 2}. This segmentation is invalid as it contains "
            r"the voxel values: {7}.",
            "another label set", id="wrong label",
        ),
        pytest.param(
            "from stub_container import *\nwrite(Offset='0 0 0')", "", "found origin (0.0, 0.0, 0.0) instead of",
            id="wrong origin",
        ),
        pytest.param(
            "from stub_container import *\nx, *others = header()['Offset'].split()\n"
            "write(Offset=' '.join([str(float(x) + 1e-5), *others]))",
            "", "So little passes an evaluator's tolerance", id="origin off by less than a tolerance",
        ),
        pytest.param(
            "from stub_container import *\nwrite(scan='/input/images/mid-rt-t2w-head-neck/*.mha', DimSize='40 36 9')",
            "", "found size (40, 36, 9) instead of (40, 36, 10)", id="a slice less",
        ),
        pytest.param("import urllib.request; urllib.request.urlopen('https://example.org')",
            "urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in name resolution>",
            "There is no network on the platform", id="needs the network"),
        pytest.param(
            "open('/opt/app/cache.txt', 'w')", "Permission denied: '/opt/app/cache.txt'",
            "may write to /output and /tmp only", id="writes outside",
        ),
        pytest.param(
            "open('/input/images/x', 'w')", "Read-only file system: '/input/images/x'", "Only /output",
            id="writes to the input",
        ),
        pytest.param(
            "import ctypes; ctypes.string_at(0)", "No errors were reported in the logs.",
            "died by signal SIGSEGV (status 139)", id="dies by signal",
        ),
        pytest.param(
            GOOD + "import sys; sys.exit('The T2w must be 3-D, found 2-D.')", "The T2w must be 3-D, found 2-D.",
            "ended with status 1", id="status 1 after writing",
        ),
        pytest.param(
            GOOD + "import sys; sys.stdout.buffer.write(b'50 \\xb5m\\n')", "", "stdout holds bytes that are not UTF-8",
            id="prints latin-1",
        ),
    ],
)  # fmt: skip
def test_a_container_that_the_platform_would_fail(build, rehearse_image, program, says, explains):
    finding = failure_of(rehearse_image(build(program)))
    assert says in finding.platform_says
    assert explains in finding.explanation
    assert bool(says) == bool(finding.platform_says)


def test_too_slow_ends_at_sigterm(build, rehearse_image):
    result = rehearse_image(build(GOOD + "import time; time.sleep(60)"), time_limit_s=1)
    finding = failure_of(result)
    assert finding.platform_says == "Time limit exceeded"
    assert "It ended when it got SIGTERM." in finding.explanation
    assert result.cases[0].timed_out
    assert result.verdict == "The one case failed, case_000: Time limit exceeded"


def test_too_slow_and_ignoring_sigterm_is_killed_after_five_seconds(build, rehearse_image):
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    result = rehearse_image(build(program), time_limit_s=4)
    finding = failure_of(result)
    assert finding.platform_says == "Time limit exceeded"
    assert "did not end within 5 s of SIGTERM and was killed" in finding.explanation
    assert result.cases[0].exit_code == 137


def test_memory_beyond_the_machine_is_a_kill(build, rehearse_image):
    # Shared memory is no data of the process, so only the control group stops it.
    program = "import mmap; memory = mmap.mmap(-1, 300 << 20)\nfor _ in range(300): memory.write(b'x' * (1 << 20))"
    result = rehearse_image(build(program), ram_gib=0.2, reserved_gib=0)
    finding = failure_of(result)
    assert finding.platform_says == "The container was killed as it exceeded its memory limit"
    assert result.cases[0].memory_killed
    assert result.cases[0].exit_code == 137
    assert result.cases[0].peak_total_gib == pytest.approx(0.2, abs=0.03)


def test_data_beyond_the_limit_of_the_process_is_a_memory_error(build, rehearse_image):
    result = rehearse_image(build("memory = bytearray(400 << 20)"), ram_gib=1.25)
    finding = failure_of(result)
    assert finding.platform_says == "MemoryError"
    assert "RLIMIT_DATA" in finding.explanation
    assert not result.cases[0].memory_killed


def test_peak_memory_is_what_the_container_held(build, rehearse_image):
    result = rehearse_image(build("memory = bytearray(200 << 20)\nimport time; time.sleep(0.5)\n" + GOOD))
    (case,) = result.cases
    assert case.passed
    assert case.peak_program_gib == pytest.approx(0.2, abs=0.03)


@pytest.mark.parametrize("user", ["", "USER root", "USER 0", "USER 0:1000"])
def test_root_is_refused_before_anything_runs(build, rehearse_image, user):
    result = rehearse_image(build(GOOD, user=user))
    assert not result.passed
    assert result.cases == ()
    assert result.findings[0].platform_says.startswith("The container runs as root.")


def test_an_unknown_api_method_is_refused(build, rehearse_image):
    result = rehearse_image(build(GOOD, label="LABEL org.grand-challenge.api-method=http"))
    assert not result.passed
    assert "must be exec or invoke, found 'http'" in result.findings[0].explanation


def test_a_missing_entry_point_is_the_command_that_does_not_exist(build, rehearse_image):
    image = build(GOOD, label='ENTRYPOINT ["/opt/app/nothing"]')
    assert failure_of(rehearse_image(image)).platform_says.endswith("CMD instructions does not exist")


def test_files_beside_the_declared_outputs_are_reported_and_fail_nothing(build, rehearse_image):
    program = GOOD + "open('/output/debug.log', 'w'); open('/output/' + OUTPUT + '/notes.txt', 'w').write('x')"
    result = rehearse_image(build(program))
    assert result.passed
    explanations = " ".join(finding.explanation for finding in result.cases[0].findings)
    assert "not collected: debug.log" in explanations
    assert re.search(r"notes.txt: not an image that the platform reads", explanations)


def test_the_restrictions_are_those_of_the_platform(build, rehearse_image):
    program = GOOD + "\n".join(
        [
            "import os, resource, socket",
            "print(os.getuid(), os.listdir('/tmp'), resource.getrlimit(resource.RLIMIT_DATA)[0] >> 30)",
            "print([name for _, name in socket.if_nameindex() if name != 'lo'])",
            "print(os.statvfs('/dev/shm').f_blocks * 4096 >> 30)",
            "print(os.environ['LOG_LEVEL'], os.environ['PYTHONUNBUFFERED'], open('/tmp/scratch', 'w').write('x'))",
            "print(os.environ['HNSEG_LIMIT_S'])",
            "print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])",
            "print(open('/proc/self/status').read().split('NoNewPrivs:')[1].split()[0], os.getpid() > 1)",
        ]
    )
    result = rehearse_image(build(program))
    assert result.passed, result.cases[0].stderr_tail
    assert result.cases[0].stdout_tail == ("1000 [] 15", "[]", "8", "INFO 1 1", "30", "0000000000000000", "1 True")


def test_what_a_container_closed_its_own_user_opens_again(build, engine, small_request):
    program = "import os\nos.makedirs('/output/a/b')\nopen('/output/a/b/c', 'w').close()\n" + "".join(
        f"os.chmod('/output/{path}', 0)\n" for path in ("a/b/c", "a/b", "a")
    )
    setup = ContainerSetup(engine, build(program), small_request.profile, 0, ("python", "/opt/app/main.py"))
    with workplace(small_request.cases[0], small_request.model_dir) as work:
        run_exec(setup, work)
        assert (work.output_dir / "a").stat().st_mode & 0o777 == 0
        open_for_removal(setup, work)
        assert {path.name: path.stat().st_mode & 0o777 for path in work.output_dir.rglob("*")} == {
            "a": 0o777,
            "b": 0o777,
            "c": 0o666,
        }
