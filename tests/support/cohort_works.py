"""Works for tests of cohorts: each fills a small file, and some do so on some cases only."""

import json
import os
import signal
import sys
import time
from functools import partial
from pathlib import Path

from hnseg.cohort.case import CohortCase
from hnseg.cohort.work import WorkReference
from hnseg.errors import InputError, ModelError
from hnseg.platform.input_files import InputFiles


def work_reference(name="copy", **parameters):
    """A reference to one of the works below, with its parameters as identity."""
    return WorkReference(loader=f"tests.support.cohort_works:{name}", parameters=parameters, identity=parameters)


def make_cases(folder, count=3):
    """Cases with one small file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"case_{number:03}.txt").write_text(f"patient {number}")
    return cases_in(folder)


def cases_in(folder):
    """The cases of such files."""
    paths = sorted(folder.glob("*.txt"))
    return [CohortCase(name=path.stem, inputs=InputFiles(images={"scan": path})) for path in paths]


def copy(seconds=0.0, word=""):
    """Copy the case's file, after some time."""
    return partial(_copy, seconds, word)


def _copy(seconds, word, case, folder):
    time.sleep(seconds)
    (folder / "images").mkdir()
    (folder / "images/out.txt").write_text(f"{word}{case.inputs.images['scan'].read_text()}")
    sys.stdout.write(f"copied {case.name}\n")
    return {"word": word}


def odd(times=99, folder=""):
    """Do what a file's text asks for: die, hang, take too much memory, fail; copy any other.

    times: number of times that it happens to a case, counted in a folder.
    """
    return partial(_odd, times, folder)


def _odd(times, counts, case, folder):
    text = case.inputs.images["scan"].read_text()
    seen = Path(counts or folder, f"{case.name}.seen")
    count = int(seen.read_text()) if seen.exists() else 0
    (folder / "half.txt").write_text("half")
    if count < times and text in ODD:
        if counts:
            seen.write_text(str(count + 1))
        ODD[text]()
    (folder / "half.txt").unlink()
    return _copy(0, "", case, folder)


def _fail():
    raise InputError("The scan must be a scan, but is none.")


def _hang():
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def _lose_parent():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def _exhaust():
    bytearray(1 << 46)  # more than any machine has


def _break():
    raise KeyError("no such thing")


def _fork():
    forked = os.fork()
    if forked == 0:
        time.sleep(60)
        os._exit(0)
    Path(os.environ["FORKED"]).write_text(str(forked))
    os.kill(os.getpid(), signal.SIGKILL)


ODD = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crashes": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "leaves": lambda: os._exit(3),
    "orphaned": _lose_parent,
    "hangs": _hang,
    "exhausts": _exhaust,
    "fails": _fail,
    "breaks": _break,
    "forks": _fork,
}


def surroundings(seconds=0.0):
    """Write what the process was given of the machine."""

    def write(_case, folder):
        time.sleep(seconds)
        given = {"gpu": os.environ.get("CUDA_VISIBLE_DEVICES"), "processors": sorted(os.sched_getaffinity(0))}
        (folder / "given.json").write_text(json.dumps(given))
        return given

    return write


def refused():
    """Refuse to be loaded."""
    raise ModelError("The model must be there, but is not.")


def dies_at_load():
    """End the process at once."""
    os._exit(5)
