"""Program that runs a cohort of the works for tests, to be stopped and killed.

Its arguments are JSON: the folder of cases, that of results, the work's name and parameters, and settings.
"""

import json
import subprocess
import sys
from pathlib import Path

from hnseg.cohort.loop import run_cohort
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.store import CaseStore
from hnseg.signals import unwind_on_signals
from tests.support.cohort_works import cases_in, work_reference

ROOT = Path(__file__).parents[2]


def start_cohort(cases, results, work="copy", parameters=None, **settings):
    """Start the program in a process of its own, with its output in a file beside the results."""
    given = json.dumps([str(cases), str(results), work, parameters or {}, settings])
    results.mkdir(parents=True, exist_ok=True)
    with (results.parent / "program.txt").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", __name__, given], cwd=ROOT, stdout=log, stderr=log, start_new_session=True
        )


def main():
    """Run the cohort; 0 if all are done, 1 if some failed, 130 and 143 after a signal."""
    cases, results, work, parameters, settings = json.loads(sys.argv[1])
    with unwind_on_signals():
        summary = run_cohort(
            cases_in(Path(cases)),
            work_reference(work, **parameters),
            CaseStore(Path(results)),
            RunSettings(**settings),
            say=print,
        )
    return 1 if summary.failed else 0


if __name__ == "__main__":
    sys.exit(main())
