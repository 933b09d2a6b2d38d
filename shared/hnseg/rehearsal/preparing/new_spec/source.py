"""Text of a `spec.py`, in the form of the formatter that this repository uses."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from hnseg.platform.spec import AnswerSocket, InputSocket, Limits, MapSocket, OutputSocket, ValueSocket
from hnseg.rehearsal.preparing.new_spec.spec import NewSpec

_WIDTH = 118
_STEP = "    "
Socket = InputSocket | ValueSocket | OutputSocket | MapSocket | AnswerSocket


def source_of(new: NewSpec) -> str:
    """Return the text of a file whose SPEC is this description, with its doubts in the head."""
    spec = new.spec
    used = {"ChallengeSpec", "InputSocket", "Limits", "OutputSocket"}
    used |= {type(socket).__name__ for socket in (*spec.values, *spec.maps, *spec.answers)}
    fields = {
        "name": _quoted(spec.name),
        "title": _quoted(spec.title),
        "inputs": _tuple(map(_socket, spec.inputs)),
        "values": _tuple(map(_socket, spec.values)),
        "output": _socket(spec.output),
        "maps": _tuple(map(_socket, spec.maps)),
        "answers": _tuple(map(_socket, spec.answers)),
        "limits": _limits(spec.limits),
    }
    return (
        f"{_head(new.doubts)}\nfrom datetime import date\n\n{_import(sorted(used))}\n"
        f"SPEC = {_call('ChallengeSpec', {name: text for name, text in fields.items() if text})}\n"
    )


def _head(doubts: Iterable[str]) -> str:
    """Return the module's docstring, which says what to edit."""
    points = "\n".join(
        textwrap.fill(_in_docstring(doubt), _WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False)
        for doubt in doubts
    )
    return (
        '"""Sockets, labels and limits of a challenge, written from one example by `hnseg rehearse --new-spec`.\n\n'
        f"What the example does not settle, and is to be looked through:\n\n{points}\n\n"
        "Titles and names of labels are shown in reports. `if_empty` matters to containers made with hnseg.\n"
        'Then: hnseg rehearse THIS_FOLDER --image TAG --case FOLDER\n"""\n'
    )


def _in_docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")


def _import(names: Iterable[str]) -> str:
    words = ["T4_VRAM_GIB", *names]
    line = f"from hnseg.platform.spec import {', '.join(words)}\n"
    if len(line) <= _WIDTH + 3:
        return line
    return "from hnseg.platform.spec import (\n" + "".join(f"{_STEP}{word},\n" for word in words) + ")\n"


def _socket(socket: Socket) -> str:
    """Return a socket as a call with the fields that differ from their defaults."""
    given = {name: getattr(socket, name) for name in type(socket).model_fields}
    defaults = {name: field.default for name, field in type(socket).model_fields.items() if not field.is_required()}
    fields = {name: _value(value) for name, value in given.items() if name not in defaults or value != defaults[name]}
    return _call(type(socket).__name__, fields)


def _limits(limits: Limits) -> str:
    day, minutes = limits.read_on, limits.time_s / 60
    return _call(
        "Limits",
        {
            "time_s": f"{minutes:.0f} * 60" if minutes.is_integer() else repr(limits.time_s),
            "ram_gib": repr(limits.ram_gib),
            "vram_gib": "T4_VRAM_GIB",
            "source": _quoted(limits.source),
            "read_on": f"date({day.year}, {day.month}, {day.day})",
        },
    )


def _value(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        return _dictionary(value)
    if isinstance(value, tuple):
        members = [_value(member) for member in value]
        return f"({', '.join(members)}{',' if len(members) == 1 else ''})"
    return repr(value)


def _dictionary(values: Mapping[int, str]) -> str:
    if not values:
        return "{}"
    return _block("{", (f"{key}: {_quoted(name)}" for key, name in values.items()), "}")


def _tuple(members: Iterable[str]) -> str:
    """Return a tuple; "" for an empty one."""
    listed = list(members)
    return _block("(", listed, ")") if listed else ""


def _call(name: str, fields: Mapping[str, str]) -> str:
    return _block(f"{name}(", (f"{field}={text}" for field, text in fields.items()), ")")


def _block(start: str, members: Iterable[str], end: str) -> str:
    """Return members between brackets, a line each, as the formatter leaves them."""
    lines = "".join(f"{member},\n" for member in members)
    return f"{start}\n{textwrap.indent(lines, _STEP)}{end}"


def _quoted(text: str) -> str:
    """Return a Python text in double quotes, where that needs no more escapes."""
    quoted = repr(text)
    if quoted.startswith("'") and '"' not in quoted:
        return f'"{quoted[1:-1]}"'
    return quoted
