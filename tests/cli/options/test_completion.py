"""Completion, by bash itself and as zsh, fish and PowerShell ask for it."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from hnseg.cli import VERBS
from hnseg.cli.options.completion import challenge_folder, challenge_in, one_of, words_to_complete
from hnseg.discovery import challenge_names
from hnseg_training.cli import VERBS as TRAINING_VERBS
from hnseg_training.fitting.preset import PRESETS

PROGRAMS = {"hnseg": "hnseg.cli", "hnseg-train": "hnseg_training.cli"}


@pytest.fixture
def programs(tmp_path):
    """Return a folder with both programs, as an installation has them."""
    for name, package in PROGRAMS.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!{sys.executable}\nimport sys\nfrom {package} import main\nsys.exit(main())\n")
        path.chmod(0o755)
    return tmp_path / "bin"


def ask(programs, name, cwd=None, **variables):
    """Call a program with the variables of a shell that completes a line, and return what it prints."""
    environment = {**os.environ, **variables}
    done = subprocess.run([programs / name], env=environment, cwd=cwd, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def bash(programs, tmp_path):
    """Return a function that completes a line in a bash which has installed the completion, by bash's own words."""
    if shutil.which("bash") is None:
        pytest.skip("no bash")

    def complete(line, cwd=tmp_path):
        words = line.split(" ")
        function = f"_{words[0].replace('-', '_')}_completion"
        script = (
            f"PATH={shlex.quote(str(programs))}:$PATH\n"
            f"source <(_{words[0].replace('-', '_').upper()}_COMPLETE=source_bash {words[0]})\n"
            f"complete -p {words[0]} >&2\n"
            f"COMP_WORDS=({' '.join(shlex.quote(word) for word in words)})\nCOMP_CWORD={len(words) - 1}\n"
            f'{function} {words[0]}\nprintf "%s\\n" "${{COMPREPLY[@]}}"\n'
        )
        done = subprocess.run(["bash", "-c", script], cwd=cwd, capture_output=True, text=True, check=True)
        assert done.stderr == f"complete -o default -F {function} {words[0]}\n"
        return done.stdout.split()

    return complete


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("hnseg ro", ["robustness"]),
        ("hnseg run", ["run"]),
        ("hnseg rtstruct ", ["write", "read"]),
        ("hnseg run --dev", ["--device"]),
        ("hnseg run --backend ", ["auto", "torch", "openvino", "onnxruntime"]),
        ("hnseg phantom hn", ["hn_uiseg", "hnts_mrg"]),
        ("hnseg score re", ["recurrence"]),
        ("hnseg-train pl", ["plan"]),
        ("hnseg-train convert hec", ["hecktor"]),
        ("hnseg-train fit hec", ["hecktor"]),
        ("hnseg-train fit hecktor --preset recurr", [name for name in PRESETS if name.startswith("recurr")]),
        ("hnseg-train plan hecktor --preset resenc-m", [name for name in PRESETS if name.startswith("resenc-m")]),
    ],
)
def test_bash_completes(bash, line, completed):
    assert completed
    assert bash(line) == completed


def test_bash_completes_the_folder_of_a_challenge_and_leaves_other_paths_to_itself(bash, tmp_path):
    for name in ("mine", "other"):
        (tmp_path / "containers" / name).mkdir(parents=True)
    (tmp_path / "containers" / "mine" / "spec.py").touch()
    assert bash("hnseg rehearse con") == ["containers/mine"]
    assert bash("hnseg rehearse ../") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_verbs_with_what_they_are_for(programs, shell):
    told = {"_HNSEG_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": "hnseg ro"}
    printed = ask(programs, "hnseg", **told, _TYPER_COMPLETE_FISH_ACTION="get-args")
    assert "robustness" in printed
    assert "what perturbed images cost a model" in printed
    assert "rehearse" not in printed


@pytest.mark.parametrize(("name", "verbs"), [("hnseg", VERBS), ("hnseg-train", TRAINING_VERBS)])
def test_every_verb_is_completed_with_a_word_on_its_purpose_and_none_is_imported(programs, name, verbs):
    variable = f"_{name.replace('-', '_').upper()}_COMPLETE"
    told = {variable: "complete_fish", "_TYPER_COMPLETE_ARGS": f"{name} ", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    printed = ask(programs, name, **told, PYTHONPROFILEIMPORTTIME="")
    found = dict(line.split("\t") for line in printed.splitlines())
    assert tuple(found) == verbs
    assert all(len(text) > 10 for text in found.values())


def test_bash_installs_it_for_itself(programs, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    variables = {"HOME": str(home), "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    words = [programs / "hnseg-train", "--install-completion", "bash"]
    subprocess.run(words, env={**os.environ, **variables}, check=True, capture_output=True)
    script = home / ".bash_completions" / "hnseg-train.sh"
    assert str(script) in (home / ".bashrc").read_text()
    assert script.read_text().startswith("_hnseg_train_completion() {")


def test_no_words_where_no_shell_asks(monkeypatch):
    monkeypatch.delenv("_HNSEG_COMPLETE", raising=False)
    assert words_to_complete("hnseg") is None
    monkeypatch.setenv("_HNSEG_TRAIN_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "hnseg-train\nfit\n--fo")
    assert words_to_complete("hnseg-train") == ["fit", "--fo"]
    assert words_to_complete("hnseg") is None


def test_values_are_those_that_begin_as_the_word_does(tmp_path, monkeypatch):
    assert one_of(lambda: ("demo", "resenc-m", "resenc-l"))("res") == ["resenc-m", "resenc-l"]
    package = "hnseg.evaluation.challenges"
    assert challenge_in(package)("") == challenge_names(package)
    monkeypatch.chdir(tmp_path)
    assert challenge_folder("") == []
