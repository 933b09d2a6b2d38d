"""From what happened while a case ran to what the platform would say of it."""

from __future__ import annotations

import re
import signal

from hnseg.rehearsal.case_run import Run
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.judging.logs import Log
from hnseg.rehearsal.profile import Profile

NO_ERRORS = "No errors were reported in the logs."
OUT_OF_MEMORY = "The container was killed as it exceeded its memory limit"

# In the platform's own words, DIAGNijmegen/rse-sagemaker-shim, models.py.
_NO_COMMAND = "The command defined by the containers ENTRYPOINT and CMD instructions does not exist"
_NO_PERMISSION = (
    "The user defined in the containers USER instruction does not have permission to execute the command defined by the"
    " containers ENTRYPOINT and CMD instructions"
)
_NOT_STARTED = re.compile(
    r".*(?:tini|catatonit|OCI runtime|runc|crun)\b.*(No such file|not found|[Pp]ermission denied)"
)
"""The last line of the engines' init programs when there is nothing to start."""

_NEAR = 0.8
"""Above this part of a limit a case that passes here may fail on another machine."""

_CAUSES = (
    (r"Read-only file system", "Only /output and /tmp can be written to."),
    (
        r"name resolution|Network is unreachable|Failed to establish a new connection|Could not resolve host",
        "There is no network on the platform: put everything that is needed into the image or the model archive.",
    ),
    (r"CUDA out of memory|CUDA error: out of memory", "The GPU's memory was not enough."),
    (r"MemoryError|bad_alloc|[Cc]annot allocate memory|can't allocate memory|failed to allocate", "{memory}"),
    (r"No space left on device", "A disk is full, or /dev/shm, which has half the machine's memory."),
    (
        r"Permission denied",
        "The container's user may write to /output and /tmp only, and reads /input and /opt/ml/model.",
    ),
    (
        r"Resource temporarily unavailable|can't start new thread",
        "The number of processes and threads is limited to {pids} here.",
    ),
)


def judge_run(run: Run, stdout: Log, stderr: Log, profile: Profile) -> list[Finding]:
    """Return what the platform would say of a run before it looks at the output."""
    findings = _outcome(run, stderr, profile)
    findings += _logs(stdout, stderr, profile)
    if run.vram_gib is not None and run.vram_gib > profile.vram_gib:
        findings.append(
            failure(
                "run",
                "",
                f"The GPU's memory in use rose by {run.vram_gib:.1f} GiB; the platform's GPU has"
                f" {profile.vram_gib:g} GiB.",
            )
        )
    return findings + _margins(run, profile)


def _outcome(run: Run, stderr: Log, profile: Profile) -> list[Finding]:
    if run.memory_killed:
        return [failure("run", OUT_OF_MEMORY, f"It may use {profile.ram_gib:g} GiB, /dev/shm counted in.")]
    if run.invoke_error:
        return [failure("run", run.invoke_error, _why_no_answer(run, stderr, profile))]
    if run.timed_out:
        how = (
            "It ended when it got SIGTERM."
            if run.obeyed_sigterm
            else f"It did not end within {profile.grace_s:g} s of SIGTERM and was killed."
        )
        return [failure("run", "Time limit exceeded", f"The case may take {profile.time_limit_s:g} s. {how}")]
    if run.exit_code and (refused := _NOT_STARTED.match(stderr.last)):
        says = _NO_PERMISSION if refused[1].lower().startswith("permission") else _NO_COMMAND
        return [failure("run", says, stderr.last)]
    if run.exit_code:
        return [failure("run", stderr.last or NO_ERRORS, _why_it_failed(run.exit_code, stderr, profile))]
    return []


def _why_it_failed(exit_code: int, stderr: Log, profile: Profile) -> str:
    return " ".join(filter(None, (_ended_with(exit_code), likely_cause(stderr, profile))))


def _ended_with(exit_code: int) -> str:
    try:
        name = signal.Signals(exit_code - 128).name
    except ValueError:
        return f"The process ended with status {exit_code}."
    return f"The process died by signal {name} (status {exit_code})."


def _why_no_answer(run: Run, stderr: Log, profile: Profile) -> str:
    ended = f"{_ended_with(run.exit_code)} " if run.exit_code is not None else ""
    last = f"Its last line on stderr: {stderr.last}" if stderr.last else "It wrote nothing on stderr."
    return " ".join(filter(None, (f"{ended}{last}", likely_cause(stderr, profile))))


def likely_cause(stderr: Log, profile: Profile) -> str:
    """Return what the platform's rules have to do with the last lines on stderr; empty where nothing is known."""
    end = "\n".join(stderr.lines[-20:])
    memory = (
        f"Each process may hold {profile.ram_gib - profile.reserved_gib:g} GiB of data (RLIMIT_DATA), the machine's"
        f" {profile.ram_gib:g} GiB less what the platform reserves."
    )
    causes = (text.format(memory=memory, pids=profile.pids) for pattern, text in _CAUSES if re.search(pattern, end))
    return next(causes, "")


def _logs(stdout: Log, stderr: Log, profile: Profile) -> list[Finding]:
    findings = []
    for name, log in (("stdout", stdout), ("stderr", stderr)):
        if not log.is_utf8:
            findings.append(
                failure(
                    "run", "", f"{name} holds bytes that are not UTF-8, over which the platform's log reader stops."
                )
            )
        if log.has_long_line:
            findings.append(
                warning(
                    "run",
                    f"{name} has a line of over {profile.log_line_limit_bytes} bytes, which the platform leaves out"
                    " (a progress bar is such a line).",
                )
            )
    return findings


def _margins(run: Run, profile: Profile) -> list[Finding]:
    """Warn where a case that passed came close to a limit."""
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
