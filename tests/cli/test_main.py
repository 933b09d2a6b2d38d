"""The command itself, in a process of its own."""

import subprocess
import sys
from importlib.metadata import version

import pytest

from hnseg.cli import VERBS

# Runs the command line and then prints which verbs were imported.
PROGRAM = """
import sys
from hnseg.cli import VERBS, main
try:
    status = main()
except SystemExit as ended:
    status = ended.code
verbs = [f"hnseg.cli.{verb.replace('-', '_')}" for verb in VERBS]
print(status, *(name for name in verbs if name in sys.modules))
"""


def run(*arguments):
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    return done.stdout, done.stdout.splitlines()[-1]


def test_a_verb_waits_for_no_other_verbs_imports():
    printed, imported = run("phantom", "--help")
    assert "phantom [OPTIONS]" in printed
    assert imported == "0 hnseg.cli.phantom"


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=str)
def test_help_names_every_verb(arguments):
    printed, imported = run(*arguments)
    assert set(imported.split()[1:]) == {f"hnseg.cli.{verb.replace('-', '_')}" for verb in VERBS}
    assert all(f" {verb} " in printed for verb in VERBS)
    assert "Research software, not a medical device." in " ".join(printed.split())


def test_another_word_is_no_verb():
    assert run("rehears", "x")[1].startswith("2 ")


def test_the_version_is_the_distributions_and_waits_for_no_verb():
    printed, imported = run("--version")
    assert printed.splitlines()[0] == f"hnseg {version('hnseg')}"
    assert imported == "0"
