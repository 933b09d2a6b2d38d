import time

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.case_run import CaseRun, ServerFault
from hnseg.rehearsal.findings import failure, warning
from hnseg.rehearsal.judging.logs import Log, read_log
from hnseg.rehearsal.judging.verdict import judge_run, verdict_of
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.results import CaseResult
from hnseg.rehearsal.running.watch import MemoryPeak

PROFILE = profile_of(SPEC.limits)


def run(**changed):
    return CaseRun(**{"seconds": 10, "exit_code": 0, "memory": MemoryPeak(1.0, 1.2, "test"), **changed})


def log(*lines):
    return Log(lines=lines, is_utf8=True, has_long_line=False)


def judged(happened, stderr=None):
    return judge_run(happened, log(), stderr or log(), PROFILE)


def test_a_run_well_inside_its_limits_has_no_finding():
    assert judged(run()) == []


@pytest.mark.parametrize(
    ("last_line", "cause"),
    [
        ("OSError: [Errno 30] Read-only file system: '/root/.cache'", "Only /output and /tmp"),
        ("RuntimeError: [enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory", "RLIMIT_DATA"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20 GiB.", "The GPU's memory"),
        ("OSError: [Errno 28] No space left on device", "/dev/shm"),
        ("RuntimeError: CUDA error: no kernel image is available for execution on the device", "architecture"),
        ("RuntimeError: can't start new thread", "limited to 512"),
    ],
)
def test_the_likely_cause_is_named(last_line, cause):
    (finding,) = judged(run(exit_code=1), log("Traceback", last_line, ""))
    assert finding.platform_says == last_line
    assert cause in finding.explanation


def test_a_user_who_does_not_exist_has_the_platforms_sentence():
    last = "Error response from daemon: unable to find user me: no matching entries in passwd file"
    (finding,) = judged(run(exit_code=128), log(last))
    assert finding.platform_says == "The user defined in the containers USER instruction does not exist"
    assert finding.explanation == last


def test_a_long_last_line_is_judged_at_once():
    began = time.monotonic()
    (finding,) = judged(run(exit_code=1), log("tini " * 13_000))
    assert time.monotonic() - began < 1
    assert len(finding.platform_says) == 2000


def test_an_empty_stderr_has_the_platforms_own_sentence():
    (finding,) = judged(run(exit_code=2))
    assert finding.platform_says == "No errors were reported in the logs."


def test_memory_comes_before_everything_else():
    (finding,) = judged(run(exit_code=137, memory_killed=True, server_fault=ServerFault.BROKEN))
    assert finding.platform_says == "The container was killed as it exceeded its memory limit"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (ServerFault.REDIRECTED, "Health check failed: Health endpoint returned redirect response"),
        (
            ServerFault.UNHEALTHY,
            "The algorithm container's inference server didn't pass the health check within 300 seconds or the /health"
            " endpoint took to long to respond (10 seconds per call). Verify that the container starts correctly and"
            " that /health responds quickly.",
        ),
        (ServerFault.WRONG_STATUS, "Invoke endpoint returned status 500, expected 201"),
        (ServerFault.TIMED_OUT, "Invoke time limit exceeded"),
        (ServerFault.REFUSED, "Could not connect to invoke endpoint"),
        (ServerFault.BROKEN, "HTTP error calling invoke endpoint"),
    ],
)
def test_a_servers_fault_has_the_platforms_sentence(fault, says):
    happened = run(exit_code=None, server_fault=fault, invoke_status=500, timed_out=fault is ServerFault.TIMED_OUT)
    (finding,) = judged(happened, log("Weights are missing."))
    assert finding.platform_says == says
    assert finding.explanation == "Its last line on stderr: Weights are missing."


def test_every_fault_of_a_server_is_a_failure():
    assert all(judged(run(server_fault=fault))[0].severity == "failure" for fault in ServerFault)


def test_the_time_limit_is_named_with_the_end_that_followed():
    (obeyed,) = judged(run(timed_out=True))
    (killed,) = judged(run(timed_out=True, exit_code=137, obeyed_sigterm=False))
    assert obeyed.platform_says == killed.platform_says == "Time limit exceeded"
    assert obeyed.explanation == "The case may take 1200 s. It ended when it got SIGTERM."
    assert killed.explanation.endswith("It did not end within 5 s of SIGTERM and was killed.")


def test_more_gpu_memory_than_the_platform_has_fails():
    (finding,) = judged(run(vram_gib=17.0))
    assert finding.severity == "failure"
    assert "17.0 GiB; the platform's GPU has 14.5 GiB" in finding.explanation


OURS = "THE GPU IS NOT USED: The driver 470.256.02 is loaded, but this process sees no GPU."
TORCHS = "CUDA initialization: The NVIDIA driver on your system is too old (found version 11040)."


@pytest.mark.parametrize(
    ("stdout", "stderr", "why"),
    [
        (log(), log(OURS), "The driver 470.256.02 is loaded, but this process sees no GPU."),
        (log(f"note: {OURS}", "{}"), log(), "The driver 470.256.02 is loaded, but this process sees no GPU."),
        (log(f"/opt/torch/cuda/__init__.py:180: UserWarning: {TORCHS}"), log(OURS), "The driver 470.256.02 is loaded"),
        (log(), log(f"/opt/torch/cuda/__init__.py:180: UserWarning: {TORCHS}"), TORCHS),
        (
            log(),
            log("Tesla T4 with CUDA capability sm_75 is not compatible with the current PyTorch installation."),
            "T4",
        ),
    ],
)
def test_a_gpu_that_was_given_and_could_not_be_used_fails_with_the_reason(stdout, stderr, why):
    (finding,) = judge_run(run(gpus=1), stdout, stderr, PROFILE)
    assert finding.severity == "failure"
    assert finding.explanation.startswith("It was given a GPU and could not use it, so it may take far too long")
    assert why in finding.explanation


def test_without_a_gpu_to_give_it_fails_nothing_that_none_was_used():
    assert judge_run(run(gpus=0), log(f"note: {OURS}"), log(OURS), PROFILE) == []
    assert judge_run(run(gpus=1, vram_gib=2.0), log("device: cuda"), log(), PROFILE) == []


def test_close_to_a_limit_is_a_warning():
    slow, big = judged(run(seconds=1100, memory=MemoryPeak(14.0, 14.0, "test")))
    assert (slow.severity, big.severity) == ("warning", "warning")
    assert "1100 s of the 1200 s" in slow.explanation
    assert "14.0 GiB of the 15 GiB" in big.explanation


def test_a_progress_bar_is_one_long_line_and_warned_of(tmp_path):
    path = tmp_path / "stderr.txt"
    path.write_text("\r".join(f"{i:6} of 100000" for i in range(9000)) + "\n", encoding="utf-8")
    kept = read_log(path, PROFILE)
    assert kept.has_long_line
    (finding,) = judge_run(run(), log(), kept, PROFILE)
    assert finding.severity == "warning"
    assert "stderr has a line of over 65536 bytes" in finding.explanation


def test_bytes_that_are_no_text_fail(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_bytes(b"50 \xb5m\n")
    kept = read_log(path, PROFILE)
    assert kept.lines == ("50 \\xb5m",)
    (finding,) = judge_run(run(), kept, log(), PROFILE)
    assert finding.severity == "failure"


@pytest.mark.parametrize(
    ("startup_s", "unread", "severity", "says"),
    [
        (None, 131_072, "failure", ""),
        (None, 131_073, "failure", "Time limit exceeded"),
        (5.0, 196_608, "warning", ""),
        (5.0, 196_609, "failure", "Invoke time limit exceeded"),
    ],
)
def test_what_follows_a_byte_that_is_no_text_decides_the_platforms_sentence(startup_s, unread, severity, says):
    stdout = Log(lines=(), is_utf8=False, has_long_line=False, unread_bytes=unread)
    (finding,) = judge_run(run(startup_s=startup_s), stdout, log(), PROFILE)
    assert (finding.severity, finding.platform_says) == (severity, says)
    assert f"stdout holds bytes that are not UTF-8, at which the platform's log reader stops, and {unread:,} bytes" in (
        finding.explanation
    )


def test_a_program_that_fails_after_bytes_that_nobody_reads_would_not_have_ended_there():
    stderr = Log(lines=("my error",), is_utf8=False, has_long_line=False, unread_bytes=1 << 20)
    first, second = judged(run(exit_code=1), stderr)
    assert (first.platform_says, second.platform_says) == ("Time limit exceeded", "my error")


def test_lines_that_carriage_returns_push_out_are_warned_of():
    stderr = Log(lines=("99 %",), is_utf8=True, has_long_line=False, pushed_out=7)
    (finding,) = judged(run(), stderr)
    assert finding.severity == "warning"
    assert "they push 7 other lines out of the last 500" in finding.explanation


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("[FATAL tini (7)] exec /opt/x failed: No such file or directory", "instructions does not exist"),
        ("ERROR (catatonit:6): failed to exec pid1: No such file or directory", "instructions does not exist"),
        ("[FATAL tini (7)] exec /opt/x failed: Permission denied", "does not have permission to execute the command"),
    ],
)
def test_a_command_that_can_not_be_started(line, says):
    (finding,) = judged(run(exit_code=127), log(line))
    assert says in finding.platform_says


def test_a_programs_own_missing_file_is_not_mistaken_for_a_missing_command():
    line = "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/model/plans.json'"
    (finding,) = judged(run(exit_code=1), log(line))
    assert finding.platform_says == line


def result(name, says=""):
    """A case's result as far as the verdict reads it."""
    return CaseResult.model_construct(name=name, passed=not says, platform_says=says)


@pytest.mark.parametrize(
    ("cases", "sentence"),
    [
        ([result("a")], "Passed: the one case."),
        ([result("a"), result("b")], "Passed: all 2 cases."),
        ([result("a", "It broke.")], "The one case failed, a: It broke."),
        (
            [result("a"), result("b", "It broke."), result("c", "Too slow.")],
            "2 of 3 cases failed, and one is enough to fail a submission. b: It broke.",
        ),
    ],
)
def test_the_verdict_is_one_sentence_over_all_cases(cases, sentence):
    assert verdict_of([warning("model", "It is large.")], cases) == sentence


def test_a_refused_upload_is_the_verdict():
    refused = failure("image", "The container runs as root.", "It has no USER.")
    assert verdict_of([refused], []) == "The platform would refuse this: The container runs as root."
