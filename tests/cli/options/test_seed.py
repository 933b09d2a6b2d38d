"""Seeds of every verb, of both commands: one range, one sentence."""

import subprocess
import sys

import pytest

from hnseg.cli.options.seed import MOST_SEED, check_seeds
from hnseg.errors import InputError


@pytest.mark.parametrize("seed", ["0", "42", "007", str(MOST_SEED)])
def test_a_seed_is_a_whole_number(seed):
    check_seeds(["phantom", "hnts_mrg", "--seed", seed, "--output", "out"])
    check_seeds(["phantom", f"--seed={seed}"])


@pytest.mark.parametrize(
    "seed", ["-1", str(MOST_SEED + 1), "9" * 5000, "1.5", "one", "\u0663", "", "1e3", "--output", "\x1b[2J"]
)
def test_others_are_refused_with_what_must_hold_and_what_was_found(seed):
    for words in (["--seed", seed], ["phantom", f"--seed={seed}"]):
        with pytest.raises(
            InputError, match=rf"^--seed must be a whole number from 0 to {MOST_SEED}, found "
        ) as caught:
            check_seeds(words)
        assert len(str(caught.value)) < 150
        assert str(caught.value).isprintable()


def test_words_without_a_seed_pass():
    check_seeds([])
    check_seeds(["fit", "--seeds", "-1", "--seed"])  # the last one lacks its value, which the verb says


@pytest.mark.parametrize("seed", ["-1", "99999999999", "1.5"])
@pytest.mark.parametrize(
    ("package", "words"),
    [("hnseg", ["phantom", "hnts_mrg", "--output", "out"]), ("hnseg_training", ["fit", "--work", "work"])],
    ids=["hnseg", "hnseg-train"],
)
def test_the_commands_say_so(package, words, seed, tmp_path):
    program = f"import sys; from {package}.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, *words, "--seed", seed]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"--seed must be a whole number from 0 to {MOST_SEED}, found '{seed}'.\n"
    assert list(tmp_path.iterdir()) == []
