"""Step of a trial: a command as its user would type it, run in a process of its own."""

from __future__ import annotations

import logging
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hnseg.errors import InputError

logger = logging.getLogger(__name__)

_PROGRAMS = {"hnseg": "hnseg.cli", "hnseg-train": "hnseg_training.cli"}


@dataclass(frozen=True)
class Step:
    """Command of a step.

    Attributes:
        does: What it does, in words.
        command: Program and arguments.
    """

    does: str
    command: tuple[str, ...]

    @property
    def text(self) -> str:
        """Command as it is typed in a shell."""
        return shlex.join(self.command)


def run_step(step: Step, *, number: int, of: int, accepted: Sequence[int] = (0,)) -> int:
    """Announce a step, run it, say how long it took, and return its status.

    Args:
        step: Step to run; its output goes where this process's goes.
        number: Number of the step, from 1.
        of: Number of steps.
        accepted: Statuses with which a trial goes on.

    Raises:
        InputError: It ended with another status.
    """
    logger.info("\n[%d of %d] %s\n$ %s", number, of, step.does, step.text)
    program = f"import sys; from {_PROGRAMS[step.command[0]]} import main; sys.exit(main())"
    begun_s = time.monotonic()
    # The same interpreter: the commands may not be on the path.
    status = subprocess.run([sys.executable, "-c", program, *step.command[1:]], check=False).returncode
    if status not in accepted:
        raise InputError(
            f"Each step of a trial must succeed, but step {number} ended with status {status}: {step.text}."
            " Its own sentence stands above."
        )
    logger.info("(%.0f s)", time.monotonic() - begun_s)
    return status
