"""The command itself: its help, its version, its status, and the modules that it waits for."""

import subprocess
import sys

import pytest

from hnseg import __version__
from hnseg_training.cli import VERBS

# Runs the command line and then prints its status and the names of the imported modules.
PROGRAM = """
import sys
from hnseg_training.cli import main
try:
    status = main()
except SystemExit as ended:
    status = ended.code
print(status, *sys.modules)
"""


def run_alone(*arguments: str) -> tuple[str, str, set[str]]:
    """Run hnseg-train in a process of its own; return what it printed, its status, and the imported modules."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True)
    *printed, last = done.stdout.splitlines()
    status, *modules = last.split()
    return " ".join(printed), status, set(modules)


@pytest.mark.parametrize("arguments", [(), ("--help",)], ids=str)
def test_help_names_every_verb_and_waits_for_no_network(arguments):
    printed, _, modules = run_alone(*arguments)
    assert all(f" {verb} " in printed for verb in VERBS)
    assert not modules & {"torch", "nnunetv2", "scipy", "SimpleITK", "statsmodels"}


def test_a_verb_waits_for_no_other_verbs_imports():
    printed, status, modules = run_alone("export", "--help")
    assert status == "0"
    assert "--checkpoint" in printed
    assert {name for name in modules if name.startswith("hnseg_training.cli.")} == {
        "hnseg_training.cli.export",
        "hnseg_training.cli.options",
    }


def test_the_version_is_that_of_the_package():
    printed, status, _ = run_alone("--version")
    assert (printed, status) == (f"hnseg-train {__version__}", "0")


def test_a_refusal_is_one_sentence_and_status_1(run, tmp_path):
    status, stderr = run("plan", "hnts_mrg", "--work", tmp_path)
    assert status == 1
    assert stderr.strip().endswith("Was it made by hnseg-train convert hnts_mrg?")
    assert stderr.count("\n") == 1


def test_a_usage_error_is_status_2(run):
    assert run("plan", "hnts_mrg")[0] == 2
    assert run("plans")[0] == 2
