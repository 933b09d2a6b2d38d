"""Verdict of the platform: the facts of a run turned into its sentences, and the cases' results into one sentence."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Sequence

from hnseg.inference.gpu import UNUSED_GPU
from hnseg.rehearsal.case_run import CaseRun, ServerFault
from hnseg.rehearsal.findings import Finding, failure, first_failure, warning
from hnseg.rehearsal.judging.logs import Log
from hnseg.rehearsal.profile import Profile
from hnseg.rehearsal.results import CaseResult
from hnseg.rehearsal.running.container import UNKNOWN_USER

NO_ERRORS = "No errors were reported in the logs."
_TIME_EXCEEDED = "Time limit exceeded"
OUT_OF_MEMORY = "The container was killed as it exceeded its memory limit"

# In the platform's own words, DIAGNijmegen/rse-sagemaker-shim, models.py.
NO_COMMAND = "The command defined by the containers ENTRYPOINT and CMD instructions does not exist"
_NO_USER = "The user defined in the containers USER instruction does not exist"
_NO_PERMISSION = (
    "The user defined in the containers USER instruction does not have permission to execute the command defined by the"
    " containers ENTRYPOINT and CMD instructions"
)
_SERVER_FAULTS = {
    ServerFault.REDIRECTED: "Health check failed: Health endpoint returned redirect response",
    ServerFault.UNHEALTHY: (
        "The algorithm container's inference server didn't pass the health check within {health_s:.0f} seconds or the"
        " /health endpoint took to long to respond ({call_s:.0f} seconds per call). Verify that the container starts"
        " correctly and that /health responds quickly."
    ),
    ServerFault.WRONG_STATUS: "Invoke endpoint returned status {status}, expected 201",
    ServerFault.TIMED_OUT: "Invoke time limit exceeded",
    ServerFault.REFUSED: "Could not connect to invoke endpoint",
    ServerFault.BROKEN: "HTTP error calling invoke endpoint",
}

_NOT_STARTED = re.compile(
    r".*(?:supervisor|tini|catatonit|OCI runtime|runc|crun)\b"
    r".*(?:No such file|not found|(?P<permission>[Pp]ermission denied))"
)
"""Last line of the engines' init programs when there is nothing to start, or no right to start it."""

_LONGEST_OF_ENGINE = 1000  # characters of a line in which an engine's sentence is looked for

_UNUSED_GPU = re.compile(
    rf"{UNUSED_GPU}(.+)"
    r"|(CUDA initialization: .+|.*The NVIDIA driver on your system is too old.*"
    r"|.* is not compatible with the current PyTorch installation.*)"
)
"""Line by which this repository's containers, or torch itself, say that there is a GPU that they can't use."""

_READER_TAKES = 131_072
"""Bytes after one that is not UTF-8 that the platform's log reader still takes in, twice its limit of a line."""
_PIPE_TAKES = 65_536
"""Bytes that a program can write to a pipe that nobody empties, before it has to wait."""

_NEAR = 0.8
"""Part of a limit above which a case that passes here may fail on another machine."""

_CAUSES = (
    (r"Read-only file system", "Only /output and /tmp can be written to."),
    (
        r"name resolution|Network is unreachable|Failed to establish a new connection|Could not resolve host",
        "There is no network on the platform: put everything that is needed into the image or the model archive.",
    ),
    (r"CUDA out of memory|CUDA error: out of memory", "The GPU's memory was not enough."),
    (
        r"no kernel image is available",
        "torch is not built for this GPU's architecture: base the image on another build of torch.",
    ),
    (r"MemoryError|bad_alloc|[Cc]annot allocate memory|can't allocate memory|failed to allocate", "{memory}"),
    (r"No space left on device", "A disk is full, or /dev/shm, which has half the machine's memory."),
    (
        r"Permission denied",
        "The container's user may write to /output and /tmp only, and reads /input and /opt/ml/model.",
    ),
    (
        r"Resource temporarily unavailable|can't start new thread",
        "The number of processes and threads is limited to {pids} here; --as-strict-as platform allows more.",
    ),
)
"""Causes of a failure by what the last lines on stderr hold; the first that fits is named."""


def judge_run(run: CaseRun, stdout: Log, stderr: Log, profile: Profile) -> list[Finding]:
    """Return the findings on a run, before its output is imported; empty for a run well inside its limits.

    Args:
        run: Facts of the run.
        stdout: Output of the program.
        stderr: Errors of the program; the platform shows its last line when the program fails.
        profile: Limits of the platform.
    """
    unread = _unread(run, stdout, stderr)  # first, as the program never ends there, however it ended here
    findings = [each for each in (unread, _ending(run, stderr, profile)) if each is not None]
    findings += _logs(stdout, stderr, profile)
    findings += _gpu(run, stdout, stderr, profile)
    return findings + _margins(run, profile)


def likely_cause(stderr: Log, profile: Profile) -> str:
    """Return the platform's rule behind the last lines on stderr; empty where none is known."""
    end = "\n".join(stderr.lines[-20:])
    memory = (
        f"Each process may hold {profile.ram_gib - profile.reserved_gib:g} GiB of data (RLIMIT_DATA), the machine's"
        f" {profile.ram_gib:g} GiB less what the platform reserves."
    )
    causes = (text.format(memory=memory, pids=profile.pids) for pattern, text in _CAUSES if re.search(pattern, end))
    return next(causes, "")


def verdict_of(upload: Iterable[Finding], cases: Sequence[CaseResult]) -> str:
    """Return the whole rehearsal's verdict as one sentence.

    Args:
        upload: Findings on image and weights; a failure among them means that no case ran.
        cases: Results of the cases.
    """
    if refused := first_failure(upload):
        return f"The platform would refuse this: {refused.headline}"
    failed = [case for case in cases if not case.passed]
    if not failed:
        return f"Passed: all {len(cases)} cases." if len(cases) > 1 else "Passed: the one case."
    first = f"{failed[0].name}: {failed[0].platform_says}"
    if len(cases) == 1:
        return f"The one case failed, {first}"
    return f"{len(failed)} of {len(cases)} cases failed, and one is enough to fail a submission. {first}"


def _ending(run: CaseRun, stderr: Log, profile: Profile) -> Finding | None:
    """Return the failure by which a run ended; None where it ended as it should."""
    if run.memory_killed:
        return failure("run", OUT_OF_MEMORY, f"It may use {profile.ram_gib:g} GiB, /dev/shm counted in.")
    if run.server_fault is not None:
        return failure("run", _server_says(run.server_fault, run, profile), _why_no_reply(run, stderr, profile))
    if run.timed_out:
        why = f"The case may take {profile.time_limit_s:g} s. {_how_it_was_stopped(run, profile)}"
        return failure("run", _TIME_EXCEEDED, why)
    if run.exit_code:
        why = _why_it_failed(run.exit_code, stderr, profile)
        return _not_started(stderr) or failure("run", stderr.last or NO_ERRORS, why)
    return None


def _how_it_was_stopped(run: CaseRun, profile: Profile) -> str:
    if run.held_by:
        return (
            f"Its program had ended by then, but stdout or stderr was kept open by {' and '.join(run.held_by)}, and the"
            " platform waits until both are closed. End helper processes, or give them other streams."
        )
    if run.obeyed_sigterm:
        return "It ended when it got SIGTERM."
    return f"It did not end within {profile.grace_s:g} s of SIGTERM and was killed."


def _not_started(stderr: Log) -> Finding | None:
    """Return the failure of a container whose command or user does not exist; None for one that started."""
    last = stderr.last[:_LONGEST_OF_ENGINE]
    if UNKNOWN_USER.match(last):
        return failure("run", _NO_USER, last)
    if found := _NOT_STARTED.match(last):
        return failure("run", _NO_PERMISSION if found["permission"] else NO_COMMAND, last)
    return None


def _server_says(fault: ServerFault, run: CaseRun, profile: Profile) -> str:
    """Return the platform's sentence for a server's fault."""
    return _SERVER_FAULTS[fault].format(
        health_s=profile.health_limit_s, call_s=profile.health_call_limit_s, status=run.invoke_status
    )


def _why_it_failed(exit_code: int, stderr: Log, profile: Profile) -> str:
    return " ".join(filter(None, (_ended_with(exit_code), likely_cause(stderr, profile))))


def _ended_with(exit_code: int) -> str:
    try:
        name = signal.Signals(exit_code - 128).name
    except ValueError:
        return f"The process ended with status {exit_code}."
    return f"The process died by signal {name} (status {exit_code})."


def _why_no_reply(run: CaseRun, stderr: Log, profile: Profile) -> str:
    ended = f"{_ended_with(run.exit_code)} " if run.exit_code is not None else ""
    last = f"Its last line on stderr: {stderr.last}" if stderr.last else "It wrote nothing on stderr."
    return " ".join(filter(None, (f"{ended}{last}", likely_cause(stderr, profile))))


def _unread(run: CaseRun, stdout: Log, stderr: Log) -> Finding | None:
    """Return the failure or warning of bytes at which the platform's log reader stops; None without such bytes."""
    unread = {name: log.unread_bytes for name, log in (("stdout", stdout), ("stderr", stderr)) if not log.is_utf8}
    if not unread:
        return None
    name, count = max(unread.items(), key=lambda item: item[1])
    found = (
        f"{name} holds bytes that are not UTF-8, at which the platform's log reader stops, and {count:,} bytes after"
    )
    if run.is_invoke:
        if count > _READER_TAKES + _PIPE_TAKES:
            says = _SERVER_FAULTS[ServerFault.TIMED_OUT]
            return failure("run", says, f"{found} them: nobody empties the pipe, so the program waits.")
        return warning("run", f"{found} them, which nobody sees there.")
    if count > _READER_TAKES:
        return failure("run", _TIME_EXCEEDED, f"{found} them, which nobody reads, so the run does not end there.")
    return failure("run", "", f"{found} them; with it the run ends in an error of the platform's own.")


def _logs(stdout: Log, stderr: Log, profile: Profile) -> list[Finding]:
    """Return the warnings of lines that the platform leaves out."""
    findings = []
    for name, log in (("stdout", stdout), ("stderr", stderr)):
        if log.has_long_line:
            findings.append(
                warning(
                    "run",
                    f"{name} has a line of over {profile.log_line_limit_bytes} bytes, which the platform leaves out"
                    " (a progress bar is such a line).",
                )
            )
        if log.pushed_out:
            findings.append(
                warning(
                    "run",
                    f"{name} has carriage returns, each of which ends a line on the platform: they push"
                    f" {log.pushed_out} other lines out of the last {profile.log_lines}. Switch the progress bar off.",
                )
            )
    return findings


def _gpu(run: CaseRun, stdout: Log, stderr: Log, profile: Profile) -> list[Finding]:
    """Return the failures of a GPU that was given and not used, or whose memory would not be enough there."""
    findings = []
    if run.gpus and (why := _why_gpu_unused(stdout, stderr)):
        found = "It was given a GPU and could not use it, so it may take far too long on the platform"
        findings.append(failure("run", "", f"{found}: {why}"))
    if run.vram_gib is not None and run.vram_gib > profile.vram_gib:
        rise = f"The GPU's memory in use, CUDA's own counted in, rose by {run.vram_gib:.1f} GiB"
        findings.append(failure("run", "", f"{rise}; the platform's GPU has {profile.vram_gib:g} GiB."))
    return findings


def _why_gpu_unused(stdout: Log, stderr: Log) -> str:
    """Return why a program could not use a GPU, by the first line that says so; empty where none does."""
    lines = (line[:_LONGEST_OF_ENGINE] for log in (stderr, stdout) for line in log.lines)
    return next((found[1] or found[2] for line in lines if (found := _UNUSED_GPU.search(line))), "")


def _margins(run: CaseRun, profile: Profile) -> list[Finding]:
    """Return a warning for each limit that the case came close to."""
    findings = []
    if not run.timed_out and run.seconds > _NEAR * profile.time_limit_s:
        findings.append(
            warning("run", f"It took {run.seconds:.0f} s of the {profile.time_limit_s:g} s that it may take.")
        )
    program_gib = run.memory.program_gib
    limit_gib = profile.ram_gib - profile.reserved_gib
    if program_gib is not None and not run.memory_killed and program_gib > _NEAR * limit_gib:
        findings.append(warning("run", f"It held {program_gib:.1f} GiB of the {limit_gib:g} GiB that it may hold."))
    return findings
