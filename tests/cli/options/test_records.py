from dataclasses import dataclass
from inspect import signature
from typing import Annotated

import typer
from typer.testing import CliRunner

from hnseg.cli.options.records import with_records


@dataclass(frozen=True)
class Size:
    width: Annotated[int, typer.Option(min=1, help="Width of it.")] = 3
    names: Annotated[list[str] | None, typer.Option("--name")] = None


def made(given):
    """A program whose verb keeps what it gets in a list."""
    app = typer.Typer()

    @app.command()
    @with_records
    def command(place: str, *, size: Size, loud: bool = False) -> None:
        """Do something in a place."""
        given.append((place, size, loud))

    return app


def test_the_fields_of_a_record_are_options_of_their_own():
    given = []
    words = ["here", "--width", "5", "--name", "a", "--name", "b", "--loud"]
    assert CliRunner().invoke(made(given), words).exit_code == 0
    assert CliRunner().invoke(made(given), ["there"]).exit_code == 0
    assert given == [("here", Size(5, ["a", "b"]), True), ("there", Size(), False)]


def test_they_have_their_help_and_limits():
    shown = CliRunner().invoke(made([]), ["--help"]).output
    assert "Do something in a place." in shown
    assert "Width of it." in shown
    assert CliRunner().invoke(made([]), ["here", "--width", "0"]).exit_code == 2


def test_python_may_call_it_by_the_fields_and_leave_some_out():
    given = []

    @with_records
    def command(place: str, *, size: Size) -> None:
        given.append((place, size))

    command("here", width=7)
    command(place="there")
    assert given == [("here", Size(7)), ("there", Size())]
    assert list(signature(command).parameters) == ["place", "width", "names"]
