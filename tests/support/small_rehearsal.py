"""Small rehearsals: a case with its reference, and runners that need no container."""

import json
import shutil
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from hnseg.rehearsal.case_run import CaseRun
from hnseg.rehearsal.running.process import ProcessSetup, run_process
from hnseg.rehearsal.running.runners import Runner
from hnseg.rehearsal.running.watch import MemoryPeak
from tests.support.small_case import OUTPUT_FILE

PROVENANCE = {"versions": {"torch": "9.9"}, "notes": ["Nothing was given up."]}


def write_case(challenge, folder):
    """Write the small case of a challenge with its reference, and return its folder."""
    case_dir = folder / "case_000"
    challenge.write_reference(challenge.write_case(case_dir / "input"), case_dir / "expected")
    return case_dir


def program_runner(program, folder, profile, *, cuts_network=False, gpus=0):
    """Write a Python program into a folder, and return a runner whose process it is, with so many GPUs."""
    file = folder / "program.py"
    file.write_text(program, encoding="utf-8")
    setup = ProcessSetup((sys.executable, str(file)), folder, profile, cuts_network, gpus)
    return Runner("process", lambda: nullcontext(partial(run_process, setup)))


def copying_runner(*, files=None, stderr="", image=None, provenance=PROVENANCE, **facts):
    """Return a runner without a process that copies each case's prior mask of HNTS-MRG, which is its reference.

    `files` are more outputs, by their path in /output, with their text; `facts` are those of a `CaseRun`, which is one
    of 1.5 s and 0.5 GiB that ended with status 0.
    """

    def run(work):
        prior = next((work.input_dir / "images/registered-pre-rt-head-neck-segmentation").glob("*"))
        output = work.output_dir / OUTPUT_FILE
        output.parent.mkdir(parents=True)
        shutil.copy(prior, output)
        for path, text in (files or {}).items():
            Path(work.output_dir, path).parent.mkdir(parents=True, exist_ok=True)
            Path(work.output_dir, path).write_text(text, encoding="utf-8")
        work.stdout.write_text(f"<script>alert(1)</script>\n{json.dumps(provenance)}\n", encoding="utf-8")
        work.stderr.write_text(stderr, encoding="utf-8")
        return CaseRun(**{"seconds": 1.5, "exit_code": 0, "memory": MemoryPeak(0.5, 0.6, "test"), **facts})

    return Runner("process", lambda: nullcontext(run), image=image, gaps=("Something was not imitated.",))


def no_progress(line):
    """Ignore a line of progress."""
