"""Program with verbs: what it imports, and how it ends."""

import io
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer

from hnseg.cli.program import run_program
from hnseg.errors import InputError
from hnseg.version import __version__


@pytest.fixture
def program(monkeypatch):
    """Return a function that runs a program of two verbs and returns its status; a third verb can't be imported."""

    def fail() -> None:
        """Fail as the user can cure."""
        raise InputError("The image must be there, but is not.")

    def look(path: str) -> None:
        """Look at a path, and print it."""
        Path(path).stat()
        typer.echo(path)

    group = typer.Typer()
    one = lambda: typer.echo("one of a group")  # noqa: E731 (a module of its own is put on it)
    one.__module__ = "verbs.look"
    group.command(name="one")(one)
    for verb, command in {"fail": fail, "group": group, "look": look}.items():
        module = ModuleType(f"verbs.{verb}")
        module.command = command
        module.EXAMPLES = (f"tool {verb} here",) if verb != "group" else ()
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "verbs", ModuleType("verbs"))

    def run(*arguments, verbs=("fail", "group", "look", "absent")):
        monkeypatch.setattr(sys, "argv", ["tool", *arguments])
        try:
            return run_program("tool", "Does things.", package="verbs", verbs=verbs, of_all=("tool fail",))
        except SystemExit as ended:
            return ended.code

    return run


def test_a_failure_is_a_sentence_on_stderr_and_status_1(program, capsys):
    assert program("fail") == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "The image must be there, but is not.\n")


def test_a_path_that_is_too_long_is_a_sentence_too(program, capsys):
    assert program("look", "x" * 300) == 1
    assert capsys.readouterr().err.startswith("A path must be one that the system can hold, but xxx")


def test_another_error_of_the_system_is_a_defect(program, tmp_path):
    with pytest.raises(FileNotFoundError):
        program("look", str(tmp_path / "nowhere"))


def test_a_name_that_is_not_utf_8_can_be_printed(program, tmp_path, monkeypatch):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9"))
    path.touch()
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", printed)
    assert program("look", str(path)) == 0
    printed.flush()
    assert printed.buffer.getvalue() == os.fsencode(tmp_path) + b"/\\udce9\n"


def test_a_verb_may_be_a_group_of_its_own(program, capsys):
    assert program("group", "one") == 0
    assert capsys.readouterr().out == "one of a group\n"


@pytest.mark.parametrize(
    ("arguments", "example"),
    [
        ((), "tool fail"),
        (("fail",), "tool fail here"),
        (("group",), "tool look here"),
        (("group", "one"), "tool look here"),
    ],
)
def test_each_help_ends_with_examples_a_groups_with_those_of_its_verbs(program, capsys, arguments, example):
    assert program(*arguments, "--help", verbs=("fail", "group")) == 0
    lines = capsys.readouterr().out.split("Examples:")[1].split("\n")
    assert [line.strip() for line in lines if line.strip()] == [example]


def test_a_shell_gets_the_names_of_verbs_that_can_not_be_imported(program, capsys, monkeypatch):
    monkeypatch.setenv("_TOOL_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "tool\na")
    monkeypatch.setenv("COMP_CWORD", "1")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert program() == 0
    assert capsys.readouterr().out.split() == ["absent"]


def test_the_version_is_the_distributions(program, capsys):
    assert program("--version") == 0
    assert capsys.readouterr().out == f"tool {__version__}\n"


def test_the_help_lists_every_verb_and_says_once_that_this_is_no_medical_device(program, capsys):
    assert program("--help", verbs=("fail", "group")) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Fail as the user can cure." in printed
    assert printed.count("Research software, not a medical device.") == 1
    with pytest.raises(ModuleNotFoundError, match="absent"):  # only the help imports every verb
        program("--help")


@pytest.mark.parametrize("arguments", [("fial",), ("fail", "--loud"), ()])
def test_wrong_usage_is_status_2(program, arguments):
    assert program(*arguments, verbs=("fail", "group")) == 2
