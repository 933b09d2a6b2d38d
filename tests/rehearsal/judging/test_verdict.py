import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.rehearsal.case_run import CaseRun, ServerFault
from hnseg.rehearsal.judging.logs import Log, read_log
from hnseg.rehearsal.judging.verdict import judge_run
from hnseg.rehearsal.profile import profile_of
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
        ("RuntimeError: can't start new thread", "limited to 512"),
    ],
)
def test_the_likely_cause_is_told(last_line, cause):
    (finding,) = judged(run(exit_code=1), log("Traceback", last_line, ""))
    assert finding.platform_says == last_line
    assert cause in finding.explanation


def test_no_word_on_stderr_is_what_the_platform_says_too():
    (finding,) = judged(run(exit_code=2))
    assert finding.platform_says == "No errors were reported in the logs."


def test_memory_comes_before_everything_else():
    (finding,) = judged(run(exit_code=137, memory_killed=True, server_fault=ServerFault.BROKEN))
    assert finding.platform_says == "The container was killed as it exceeded its memory limit"


def test_more_gpu_memory_than_the_platform_has_fails():
    (finding,) = judged(run(vram_gib=17.0))
    assert finding.severity == "failure"
    assert "17.0 GiB; the platform's GPU has 16 GiB" in finding.explanation


def test_close_to_a_limit_is_a_warning():
    slow, big = judged(run(seconds=1100, memory=MemoryPeak(14.0, 14.0, "test")))
    assert (slow.severity, big.severity) == ("warning", "warning")
    assert "1100 s of the 1200 s" in slow.explanation
    assert "14.0 GiB of the 15 GiB" in big.explanation


def test_only_the_last_lines_are_kept(tmp_path):
    path = tmp_path / "stdout.txt"
    path.write_text("".join(f"line {i}\n" for i in range(1000)), encoding="utf-8")
    kept = read_log(path, PROFILE)
    assert len(kept.lines) == 500
    assert (kept.lines[0], kept.last) == ("line 500", "line 999")


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
