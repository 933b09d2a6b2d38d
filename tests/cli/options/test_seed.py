"""Seeds of every verb, of both commands: one range, one sentence."""

import subprocess
import sys

import click
import pytest
import typer

from hnseg.cli.options.seed import MOST_SEED, Seed, SeededGroup

REFUSED = ["-1", str(MOST_SEED + 1), "9" * 5000, "1.5", "one", "\u0663", "", "1e3"]


@pytest.mark.parametrize("text", ["0", "42", str(MOST_SEED)])
def test_a_seed_is_a_whole_number(text):
    assert Seed().convert(text, None, None) == int(text)


@pytest.mark.parametrize("text", REFUSED)
def test_others_are_refused_with_what_must_hold_and_what_was_found(text):
    with pytest.raises(click.BadParameter, match=rf"must be a whole number from 0 to {MOST_SEED}, found '"):
        Seed().convert(text, None, None)


def test_verbs_of_an_app_below_have_them_too():
    app, below = typer.Typer(cls=SeededGroup), typer.Typer()

    @below.command()
    def draw(seed: int = 0) -> None: ...

    @below.command()
    def other() -> None: ...

    app.add_typer(below, name="below")

    @app.callback()
    def shared() -> None: ...

    group = typer.main.get_command(app)
    assert isinstance(group, click.Group)
    found = group.get_command(click.Context(group), "below")
    assert isinstance(found, click.Group)
    (seed,) = [option for option in found.commands["draw"].params if option.name == "seed"]
    assert isinstance(seed.type, Seed)
    assert group.get_command(click.Context(group), "none") is None


@pytest.mark.parametrize("seed", ["-1", "99999999999", "1.5"])
@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("hnseg", ["phantom", "hnts_mrg", "--output", "out"]),
        ("hnseg_training", ["fit", "hnts_mrg", "--work", "work"]),
    ],
    ids=["hnseg", "hnseg-train"],
)
def test_the_commands_say_so(package, words, seed, tmp_path):
    program = f"import sys; from {package}.cli import main; sys.argv[0] = 'hnseg'; sys.exit(main())"
    command = [sys.executable, "-c", program, *words, "--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "must be a whole number" in " ".join(done.stderr.replace("│", " ").split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
