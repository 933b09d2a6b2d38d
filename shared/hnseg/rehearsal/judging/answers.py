"""Answers of a container, the JSON values in /output, as the platform imports them.

After DIAGNijmegen/rse-grand-challenge, `components/backends/base.py` and `core/validators.py`: UTF-8 without a byte
order mark, NaN and infinities become null, and the value must fulfil the socket's JSON schema.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hnseg.bounded_files import read_bounded
from hnseg.platform.spec import AnswerSocket
from hnseg.records import Frozen
from hnseg.rehearsal.findings import Finding, failure
from hnseg.rehearsal.judging.json_values import in_plain, parse_json

_SHOWN = 40  # characters of a value
_MOST_MIB = 1  # of a file; an answer needs a few bytes


class Answer(Frozen):
    """Answer of a container at one socket, beside the expected one."""

    title: str
    given: Any
    """Value as the platform parsed it; null where it was not valid."""
    expected: Any
    """Value that an expert gave; null where the case has none."""


@dataclass(frozen=True)
class ImportedAnswers:
    """Answers of a case, imported.

    Attributes:
        answers: Answers by their socket's slug; an invalid one has nothing given.
        findings: Failures, one for every answer that is missing or not valid.
    """

    answers: dict[str, Answer]
    findings: tuple[Finding, ...]


def import_answers(sockets: Sequence[AnswerSocket], output_dir: Path, expected_dir: Path) -> ImportedAnswers:
    """Import every answer as the platform does.

    Args:
        sockets: Sockets of the challenge's answers.
        output_dir: Folder that the container wrote to.
        expected_dir: Folder of an expert's answers; without them nothing is expected.
    """
    answers: dict[str, Answer] = {}
    findings: list[Finding] = []
    for socket in sockets:
        value, finding = _import(socket, output_dir / socket.relative_path)
        answers[socket.slug] = Answer(title=socket.title, given=value, expected=_expected(socket, expected_dir))
        findings += [finding] if finding else []
    return ImportedAnswers(answers, tuple(findings))


def in_short(value: Any) -> str:
    """Return a value as a table shows it; a dash for none."""
    text = "-" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _import(socket: AnswerSocket, path: Path) -> tuple[Any, Finding | None]:
    """Return the value of a file and None; or None and the failure where the platform would not take it."""
    must = f"The {socket.title} must be {socket.in_words}, as JSON in /output/{socket.relative_path}"
    file = f"The output file {socket.relative_path!r}"
    if not path.is_file():
        says = f"Output file {socket.relative_path!r} was not produced"
        return None, failure("import", says, f"{must}. Every declared output is required.")
    try:
        value = _parse(path)
    except UnicodeDecodeError:
        return None, failure(
            "import", "", f"{must}, but holds bytes that are not UTF-8, over which the platform stops."
        )
    except (OSError, ValueError) as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else str(error)
        return None, failure("import", f"{file} is not valid json", f"{must}, but can't be parsed ({where}).")
    if socket.takes(value):
        return value, None
    says = f"{file} is not valid. JSON does not fulfill schema: instance {_unfulfilled(socket, value)}"
    return None, failure("import", says, f"{must}, found {_found(value)}.")


def _parse(path: Path) -> Any:
    return parse_json(read_bounded(path, most_mib=_MOST_MIB).decode("utf-8"))


def _unfulfilled(socket: AnswerSocket, value: object) -> str:
    """Return the sentence of the platform's schema validator, from which the platform cuts the value out."""
    wanted = "of type 'number'" if socket.choices is None else f"one of {list(socket.choices)}"
    # Only a text has quotes, by which it differs from what is cut out.
    return f"{value!r} is not {wanted}".replace(f"{value} ", "") if isinstance(value, str) else f"is not {wanted}"


def _found(value: object) -> str:
    null = ", which NaN and infinities become as well" if value is None else ""
    return f"{in_short(json.dumps(value, ensure_ascii=False))}{null}"


def _expected(socket: AnswerSocket, expected_dir: Path) -> Any:
    path = expected_dir / socket.relative_path
    try:
        return in_plain(_parse(path))
    except (OSError, ValueError):  # no expert answered here, or not as valid JSON
        return None
