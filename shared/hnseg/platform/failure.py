"""Explanation of a failure on stderr, whose last line is all that the platform shows of it."""

from __future__ import annotations

import os
import sys
import traceback

from hnseg.errors import HnsegError, StoppedWithOutputError
from hnseg.machine import is_exhausted, limit_gib


def sentence_of(error: BaseException) -> str:
    """Return one line that explains an error to the person who runs the program."""
    if isinstance(error, HnsegError):
        return " ".join(str(error).split())
    reason = " ".join(str(error).split())[:300]
    if isinstance(error, StoppedWithOutputError):
        return (
            "The case was stopped by a signal before it was finished; the output is complete, and as good as it had"
            " become by then. Past the time limit the platform stops a case like this; was it exceeded?"
        )
    if isinstance(error, SystemExit):
        return (
            "The case was stopped by a signal before it was finished, so there is no output."
            " Past the time limit the platform stops a case like this; was it exceeded?"
        )
    if isinstance(error, PermissionError):
        return (
            f"{error.filename} must be accessible to the user who runs this (uid {os.getuid()}), but permission was"
            " denied. Was it made by another user, for that user alone?"
        )
    if is_exhausted(error):
        said = f" ({reason})" if reason else ""
        return (
            f"The case must fit into memory, but there was not enough{said}; this machine gives {limit_gib():.1f} GiB."
            " Is the image unusually large, or the memory shared with other programs?"
        )
    return f"This should not have happened, please report it with the lines above: {type(error).__name__}: {reason}"


def explain(error: BaseException) -> None:
    """Write an error to stderr: its sentence, after the traceback unless a user could have caused it."""
    if not isinstance(error, (HnsegError, PermissionError, SystemExit)):
        traceback.print_exception(error)
    sys.stderr.write(f"{sentence_of(error)}\n")
    sys.stderr.flush()
