"""Signals at random moments: to a container's program from its first moment on, and to the work of a forked one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.fuzz.cases import write_good
from tests.fuzz.trial import Ended, Trial, Verdict, broken_output, judge, last_line, run_forked, written_files
from tests.fuzz.volumes import good_cases

ROOT = Path(__file__).parents[2]
KINDS = {"signal to a program": 100, "signal to the work": 200}
"""Kinds of trials, each with its share of 300."""
_SIGNALS = (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGKILL)
_MOST_LINES, _PAUSE_S, _WORK_S = 14, 0.4, 1.0  # a good case logs about as many lines, and takes about as long
_UNFINISHED = ".hnseg-unfinished"


def try_signal(kind: str, name: str, folder: Path, models: dict[str, Path]) -> tuple[Trial, Verdict]:
    """Run a good case, stop it at a random moment, and return the trial and its verdict."""
    rng = random.Random(name)
    case = rng.choice(good_cases())
    trial = Trial(case.challenge, folder, models[case.challenge])
    write_good(case, trial.input_dir)
    number = rng.choice(_SIGNALS)
    if kind == "signal to the work":
        ended = run_forked(trial, signalled=(number, rng.uniform(0, _WORK_S)))
    else:
        ended = _run_program(trial, number, lines=rng.randrange(_MOST_LINES), pause_s=rng.uniform(0, _PAUSE_S))
    return trial, judge_stopped(trial, ended, number)


def _run_program(trial: Trial, number: int, *, lines: int, pause_s: float) -> Ended:
    """Run the program, and send it a signal some seconds after it has logged some lines."""
    trial.output_dir.mkdir()
    command = [sys.executable, "-m", f"containers.{trial.challenge}", *trial.words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        logged = "".join(child.stdout.readline() for _ in range(lines)) if child.stdout else ""
        time.sleep(pause_s)
        child.send_signal(number)
        stdout, stderr = child.communicate(timeout=120)
    return Ended(child.returncode, logged + stdout, stderr)


def judge_stopped(trial: Trial, ended: Ended, number: int) -> Verdict:
    """Return accepted for complete outputs, refused for none, and a fault for anything between."""
    if ended.status in {0, None}:
        return judge(trial, ended)
    written = written_files(trial.output_dir)
    if number == signal.SIGKILL:
        # Nothing can be cleaned up, and several outputs get their names one after the other: each must be whole.
        written = [name for name in written if not name.startswith(_UNFINISHED)]
        expected = [name for name in trial.expected_files if name in written]
    else:
        expected = trial.expected_files if written else []
        if ended.status not in {128 + number, -number}:
            return Verdict(
                "fault", f"status {ended.status} after {signal.Signals(number).name}: {last_line(ended.stderr)}"
            )
        if "Traceback" in ended.stderr and "hnseg" in ended.stderr:
            return Verdict("fault", f"traceback after {signal.Signals(number).name}: {last_line(ended.stderr)}")
    if written != expected:
        return Verdict("fault", f"stopped by {signal.Signals(number).name} it left {written}")
    if broken := broken_output(trial, written):
        return Verdict("fault", f"half-written: {broken}")
    return Verdict("accepted" if written else "refused", last_line(ended.stderr))
