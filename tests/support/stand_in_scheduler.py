"""Stand-in for the commands of a scheduler of jobs: each job runs at once, in the background of this machine."""

import os
import signal
from contextlib import suppress
from pathlib import Path

_SUBMIT = """#!/bin/bash
exec 9>"{folder}/lock"
flock 9
number=$(( $(ls "{folder}" | grep -c '[.]script$') + 1 ))
cat "${{1:-/dev/stdin}}" >"{folder}/$number.script"
setsid bash "{folder}/$number.script" >"{folder}/$number.out" 2>&1 9>&- </dev/null &
echo $! >"{folder}/$number.pid"
echo "{answer}"
"""
_CANCEL = """#!/bin/bash
for number in "$@"; do kill -TERM -- "-$(cat "{folder}/${{number%%.*}}.pid")"; done
"""
_COMMANDS = {
    "slurm": ("sbatch", "scancel", "Submitted batch job $number"),
    "pbs": ("qsub", "qdel", "$number.server"),
    "sge": ("qsub", "qdel", "Your job $number (dask-worker) has been submitted"),
    "lsf": ("bsub", "bkill", "Job <$number> is submitted to default queue <normal>."),
}
SCHEDULERS = tuple(_COMMANDS)


class StandInScheduler:
    """Scheduler whose commands are in a folder, for the PATH."""

    def __init__(self, kind, folder):
        """Write the commands of a kind of scheduler into a folder that does not exist yet."""
        self.commands = folder / "commands"
        self._jobs = folder / "jobs"
        self.commands.mkdir(parents=True)
        self._jobs.mkdir()
        submit, cancel, answer = _COMMANDS[kind]
        for name, text in ((submit, _SUBMIT), (cancel, _CANCEL)):
            path = self.commands / name
            path.write_text(text.format(folder=self._jobs, answer=answer))
            path.chmod(0o755)

    def scripts(self):
        """The text of each job that was submitted."""
        return [path.read_text() for path in sorted(self._jobs.glob("*.script"))]

    def living(self):
        """The process groups of the jobs that have not ended."""
        groups = [int(path.read_text()) for path in self._jobs.glob("*.pid")]
        return [group for group in groups if _lives(group)]

    def first_process(self, group):
        """The process that a job's script started."""
        return int(Path(f"/proc/{group}/task/{group}/children").read_text().split()[0])

    def end(self):
        """End all jobs."""
        for group in self.living():
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _lives(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
