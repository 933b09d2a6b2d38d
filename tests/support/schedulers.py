"""Stand-ins for the commands of schedulers: a submitted script runs at once, here, in the background."""

import os
import signal
import stat
from contextlib import suppress
from pathlib import Path

SUBMITTED = {
    "sbatch": 'echo "Submitted batch job $id"',
    "qsub": 'if [ -n "$SGE_STANDS_IN" ]; then echo "Your job $id (\\"dask-worker\\") has been submitted";'
    ' else echo "$id.server"; fi',
    "bsub": 'echo "Job <$id> is submitted to default queue <normal>."',
}
CANCELLED = {"sbatch": "scancel", "qsub": "qdel", "bsub": "bkill"}

_SUBMIT = """#!/bin/bash
jobs={folder}/jobs; mkdir -p $jobs
id=$(( $(ls $jobs | wc -l) + 1 )); mkdir $jobs/$id
script="${{@: -1}}"
if [ -f "$script" ]; then cp "$script" $jobs/$id/script; else cat > $jobs/$id/script; fi
setsid bash $jobs/$id/script > $jobs/$id/out 2>&1 < /dev/null &
echo $! > $jobs/$id/pid
{said}
"""
_CANCEL = """#!/bin/bash
for id in "$@"; do kill -9 -- -$(cat {folder}/jobs/${{id%%.*}}/pid) 2>/dev/null; done
true
"""


def put_on_path(folder, monkeypatch):
    """Put the stand-ins of all schedulers first on the PATH, and let jobs import the tests."""
    commands = folder / "bin"
    commands.mkdir(parents=True)
    for submit, said in SUBMITTED.items():
        _write(commands / submit, _SUBMIT.format(folder=folder, said=said))
        _write(commands / CANCELLED[submit], _CANCEL.format(folder=folder))
    _write(commands / "lsid", "#!/bin/bash\necho 'IBM Spectrum LSF Standard 10.1.0.0'\n")
    monkeypatch.setenv("PATH", f"{commands}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))


def pids_of_jobs(folder):
    """The processes of the jobs' scripts that live."""
    found = [int(path.read_text()) for path in folder.glob("jobs/*/pid")]
    return [pid for pid in found if _lives(pid)]


def kill_all(folder):
    """Kill what is left of all jobs."""
    for pid in pids_of_jobs(folder):
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _write(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
