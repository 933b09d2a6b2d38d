"""Examples of a verb, for the end of its help.

The module of a verb, or of a verb of a group, has them as `EXAMPLES`, which `hnseg.cli.program` puts into its help:

    EXAMPLES = ("hnseg run containers/hecktor --input in --output out --model model",)

Tests give each of them to the verb's own parser, so that an option that was renamed can't stay in an example.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

_WIDTH = 76
"""Most characters of a line: a help has 80 where it does not go to a terminal, with a margin on either side."""
_INDENT = "    "
_HEADING = "Examples:"


def examples(*commands: str) -> str:
    """Examples of a verb as the last paragraph of its help.

    Args:
        commands: Commands as they are typed, each on one line; a long one is broken before an option, with a backslash.

    >>> examples("hnseg doctor").splitlines()
    ['Examples:', 'hnseg doctor']
    """
    if not commands:
        return ""
    return "\n".join((_HEADING, *(line for command in commands for line in _lines(command))))


def commands_in(text: str) -> list[list[str]]:
    r"""Return the commands that examples consist of, each as its words.

    Args:
        text: Last paragraphs of a help, which end with what `examples` returned.

    >>> commands_in(examples("hnseg doctor", "hnseg run 'a b'"))
    [['hnseg', 'doctor'], ['hnseg', 'run', 'a b']]
    """
    joined = text.partition(_HEADING)[2].replace(" \\\n", " ")
    return [shlex.split(line) for line in joined.splitlines() if line.strip()]


def _lines(command: str) -> Iterator[str]:
    """Break a command before its options, as seldom as its lines' length allows."""
    line = ""
    for part in _parts(command):
        if len(f"{line}{part} \\") > _WIDTH and line.strip():
            yield f"{line.rstrip()} \\"
            line = _INDENT
        line += f"{part} "
    yield line.rstrip()


def _parts(command: str) -> Iterator[str]:
    """Split a command into what stays on one line: an option with its values, or a word before the first option."""
    words = [shlex.quote(word) for word in shlex.split(command)]
    part = ""
    for word in words:
        if part and (word.startswith("-") or not part.startswith("-")):
            yield part
            part = ""
        part = f"{part} {word}".lstrip()
    yield part
