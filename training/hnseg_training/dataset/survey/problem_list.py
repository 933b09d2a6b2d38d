"""List of all problems of the public data as one error: cut to a screen, with the whole list in a file."""

from __future__ import annotations

import logging
import shlex
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from hnseg.errors import ProblemsError
from hnseg.printable import printable
from hnseg_training.dataset.survey.problem import Problem

logger = logging.getLogger(__name__)

PROBLEMS_FILE = "conversion_problems.txt"
"""Name of the whole list, in the work folder; it is there only where the list does not fit a screen."""
_COLUMNS = 80
_LINES = 15  # of 24, which leaves some for the first line, the options, the file and the prompt
_OPTIONS_SHOWN = 5


def problems_error(problems: Sequence[Problem], *, patients: int, output: Path, kept: str) -> ProblemsError:
    """Return the error that lists problems, and write the whole list where it is too long for a screen.

    Args:
        problems: Problems, one at least.
        patients: Number of patients that were looked at.
        output: Work folder, which gets the whole list as `PROBLEMS_FILE`; where it can't be written, the log has it.
        kept: Words on what was converted, such as "nothing was converted".
    """
    concerned = sorted({problem.patient for problem in problems if problem.patient})
    of = f" of {len(concerned)} of {patients} patients" if concerned else ""
    are = "problem was" if len(problems) == 1 else "problems were"
    head = f"Every file must be as its challenge has it, but {len(problems)} {are} found{of}; {kept}."
    lines = [f"  {problem.line}" for problem in problems]
    shown = _fitting(lines)
    whole = [head, *lines, *_cure(concerned, shown=len(concerned))]
    with suppress(OSError):
        (output / PROBLEMS_FILE).unlink()
    if len(shown) == len(lines) and len(concerned) <= _OPTIONS_SHOWN:
        return ProblemsError("\n".join(whole))
    place = _written(whole, output)
    more = [f"  and {len(lines) - len(shown)} more"] if len(shown) < len(lines) else []
    return ProblemsError("\n".join([head, *shown, *more, *_cure(concerned, shown=_OPTIONS_SHOWN), place]))


def _fitting(lines: Sequence[str]) -> list[str]:
    """Return the first lines that fit a screen, one at least."""
    taken: list[str] = []
    left = _LINES
    for line in lines:
        left -= -(-len(line) // _COLUMNS)
        if left < 0 and taken:
            break
        taken.append(line)
    return taken


def _cure(names: Sequence[str], *, shown: int) -> Iterable[str]:
    """Yield the line with the options that leave the patients out."""
    if names:
        options = " ".join(f"--leave-out {_quoted(name)}" for name in names[:shown])
        more = f" and {len(names) - shown} more" if len(names) > shown else ""
        yield f"Mend them, or leave these patients out: {options}{more}"


def _quoted(name: str) -> str:
    """Return a name as a shell takes it."""
    return shlex.quote(printable(name))


def _written(lines: Iterable[str], output: Path) -> str:
    """Write the whole list, and return the line that says where it is."""
    text = "\n".join(lines) + "\n"
    try:
        output.mkdir(parents=True, exist_ok=True)
        (output / PROBLEMS_FILE).write_text(text, encoding="utf-8")
    except OSError:
        logger.info("%s", text)
        return "The whole list is above."
    return f"The whole list is in {printable(str(output / PROBLEMS_FILE))}."
