"""Trial: one input through the real entry point in a forked process, limited in time and memory, and its verdict.

The parent has imported everything and computed nothing, so a child starts at once, and a native crash or an endless
loop costs no more than this input.
"""

from __future__ import annotations

import importlib
import json
import os
import resource
import select
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

LIMIT_S = 90.0
"""Seconds after which a trial counts as one that never ends; a good one takes under a second."""
_MOST_DATA_BYTES = 4 << 30
_MOST_FILE_BYTES = 256 << 20
_LONGEST_SENTENCE = 8000  # a path that a file names may be 5,000 characters


class Ended(NamedTuple):
    """End of a process: its status, minus the signal that ended it, or None where it had to be stopped."""

    status: int | None
    stdout: str
    stderr: str


class Verdict(NamedTuple):
    """Verdict on a trial: accepted, refused or fault, and the sentence of a refusal or the words for a fault."""

    word: str
    reason: str = ""


@dataclass(frozen=True)
class Trial:
    """Folders of one run of a container, and its variables.

    Attributes:
        challenge: Name of the challenge's folder.
        folder: Folder of the trial, with `input` and `output`.
        model: Folder of the model.
        variables: Environment variables beside those of this process.
    """

    challenge: str
    folder: Path
    model: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def input_dir(self) -> Path:
        """Folder that stands for `/input`."""
        return self.folder / "input"

    @property
    def output_dir(self) -> Path:
        """Folder that stands for `/output`."""
        return self.folder / "output"

    @property
    def words(self) -> list[str]:
        """Arguments of the entry point."""
        folders = {"--input": self.input_dir, "--output": self.output_dir, "--model": self.model}
        return [str(word) for pair in folders.items() for word in pair] + ["--device", "cpu", "--backend", "torch"]

    @property
    def expected_files(self) -> list[str]:
        """Output files of a case that is segmented, relative to the output folder, sorted."""
        from tests.fuzz.volumes import spec_of

        spec = spec_of(self.challenge)
        return sorted((f"{spec.output.relative_path}/output.mha", *(one.relative_path for one in spec.answers)))


def run_forked(
    trial: Trial, *, after: Callable[[], None] | None = None, signalled: tuple[int, float] | None = None
) -> Ended:
    """Run the entry point in a child of this process.

    Args:
        trial: Folders and variables.
        after: Function that the child calls when the entry point has returned.
        signalled: Signal that the child gets, and seconds after its start.
    """
    trial.output_dir.mkdir(exist_ok=True)
    logs = [trial.folder / "stdout", trial.folder / "stderr"]
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _run_child(trial, logs, after)
    status = _wait(child, signalled)
    return Ended(status, *(log.read_text(encoding="utf-8", errors="replace") for log in logs))


def _run_child(trial: Trial, logs: list[Path], after: Callable[[], None] | None) -> None:
    """Run the entry point and end this process with its status."""
    status = 250
    try:
        for descriptor, log in enumerate(logs, start=1):
            os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND), descriptor)
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.setpgid(0, 0)
        for kind, most in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_DATA, _MOST_DATA_BYTES),
            (resource.RLIMIT_FSIZE, _MOST_FILE_BYTES),
        ):
            resource.setrlimit(kind, (most, most))
        os.environ.update(trial.variables)
        status = _main(trial)
        if after is not None:
            os.dup2(os.open("/dev/null", os.O_WRONLY), 2)  # what was read before is read again, and complains again
            after()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else 251
    except BaseException:  # noqa: BLE001 (the child must end here, whatever happened)
        traceback.print_exc()
        status = 252
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _main(trial: Trial) -> int:
    from hnseg.entrypoint import main
    from hnseg.signals import end_on_signals

    end_on_signals()
    package = f"containers.{trial.challenge}"
    spec, method = importlib.import_module(f"{package}.spec"), importlib.import_module(f"{package}.method")
    return main(spec.SPEC, method, trial.words, editions=getattr(spec, "EDITIONS", {}))


def _wait(child: int, signalled: tuple[int, float] | None) -> int | None:
    """Wait for a child; return its status, minus the signal that ended it, or None where it took too long."""
    watched = os.pidfd_open(child)
    try:
        poll = select.poll()
        poll.register(watched, select.POLLIN)
        if signalled is not None and not poll.poll(signalled[1] * 1000):
            os.kill(child, signalled[0])
        if not poll.poll(LIMIT_S * 1000):
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
    finally:
        os.close(watched)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def judge(trial: Trial, ended: Ended) -> Verdict:
    """Return the verdict on a run that no signal was meant to stop."""
    written = written_files(trial.output_dir)
    if ended.status is None:
        return Verdict("fault", f"hang: not ended after {LIMIT_S:g} s")
    if ended.status < 0:
        return Verdict("fault", f"native crash: {signal.Signals(-ended.status).name}")
    if "Traceback" in ended.stderr or "This should not have happened" in ended.stderr:
        return Verdict("fault", f"traceback: {last_line(ended.stderr)}")
    return _judge_accepted(trial, ended, written) if ended.status == 0 else _judge_refused(ended, written)


def _judge_refused(ended: Ended, written: list[str]) -> Verdict:
    sentence = last_line(ended.stderr)
    if ended.status != 1:
        return Verdict("fault", f"status {ended.status}: {sentence}")
    if written:
        return Verdict("fault", f"a refused case left {written[0]}")
    if not sentence.endswith((".", "?")) or not sentence.isprintable() or len(sentence) > _LONGEST_SENTENCE:
        return Verdict("fault", f"no sentence: {sentence[:200]!r}")
    return Verdict("refused", sentence)


def _judge_accepted(trial: Trial, ended: Ended, written: list[str]) -> Verdict:
    if written != trial.expected_files:
        return Verdict("fault", f"an accepted case wrote {written}")
    if ended.stderr:
        return Verdict("fault", f"an accepted case wrote to stderr: {last_line(ended.stderr)}")
    if broken := broken_output(trial, written):
        return Verdict("fault", f"half-written: {broken}")
    try:
        json.loads(last_line(ended.stdout))
    except ValueError as error:
        return Verdict("fault", f"no provenance in JSON: {error}")
    return Verdict("accepted")


def broken_output(trial: Trial, names: list[str]) -> str:
    """Return which of some output files is not whole; empty where all are."""
    from tests.fuzz.decoding import UndecodableError, decode
    from tests.fuzz.volumes import spec_of

    spec = spec_of(trial.challenge)
    for name in names:
        path = trial.output_dir / name
        try:
            if name.endswith(".json"):
                json.loads(path.read_text(encoding="utf-8"))
            elif not set(decode(path).array.ravel().tolist()) <= {0, *spec.output.labels}:
                return f"{name} holds other labels"
        except (ValueError, OSError, UndecodableError) as error:
            return f"{name}: {error}"
    return ""


def written_files(folder: Path) -> list[str]:
    """Return every file below a folder, hidden ones too, relative to it, sorted."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


def last_line(text: str) -> str:
    """Return the last line of a text; empty where there is none."""
    return text.rstrip("\n").rpartition("\n")[2]


def keep(trial: Trial, verdict: Verdict, kept: Path) -> None:
    """Move the folder of a trial with a fault to where it can be looked at."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(trial.folder, kept)
    (kept / "fault.txt").write_text(f"{trial.challenge}\n{verdict.reason}\n", encoding="utf-8", errors="replace")
