"""Examples: how they are laid out, and that every verb of both commands has some which its own parser takes."""

import pytest

import hnseg.cli
import hnseg_training.cli
from hnseg.cli.options.examples import commands_in, examples
from tests.support.command_trees import all_verbs, parse

VERBS = all_verbs()


def test_a_long_command_is_broken_before_an_option():
    long = f"hnseg run containers/hecktor --input {'i' * 20} --output {'o' * 20} --model m"
    *first, last = examples(long).splitlines()
    assert first == ["Examples:", f"hnseg run containers/hecktor --input {'i' * 20} \\"]
    assert last == f"    --output {'o' * 20} --model m"


def test_the_commands_are_found_again_behind_another_paragraph():
    commands = (f"hnseg score x --predictions {'p' * 30} --references {'r' * 30} --json s.json", "hnseg doctor 'a b'")
    found = commands_in(f"Options of x:\n\n{examples(*commands)}")
    assert found == [commands[0].split(), ["hnseg", "doctor", "a b"]]


def test_without_commands_there_is_no_heading():
    assert examples() == ""


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_each_help_ends_with_examples_of_the_verb_that_its_parser_takes(verb):
    found = commands_in(verb.command.epilog or "")
    assert found, f"{verb}'s module needs EXAMPLES, see hnseg.cli.options.examples"
    for words in found:
        assert tuple(words[: len(verb.words)]) == verb.words
        parse(words)


@pytest.mark.parametrize("verb", VERBS, ids=str)
def test_an_example_is_as_wide_as_a_help_and_has_no_markup(verb):
    lines = verb.command.epilog.splitlines()
    assert max(map(len, lines[lines.index("Examples:") :])) <= 78
    assert "[" not in "".join(lines[lines.index("Examples:") :])  # rich would read it as a style


@pytest.mark.parametrize("program", [hnseg.cli, hnseg_training.cli])
def test_the_examples_of_all_verbs_are_of_its_verbs(program):
    for command in program.EXAMPLES:
        name, verb, *options = command.split()
        if verb.startswith("--"):
            assert verb == "--install-completion"
        elif options == ["--help"]:
            assert (name, verb) in [each.words for each in VERBS]
        else:
            parse(command.split())


def test_an_option_that_does_not_exist_would_be_noticed():
    with pytest.raises(Exception, match="No such option: --modle"):
        parse(["hnseg", "run", "containers/hecktor", "--input", "i", "--output", "o", "--modle", "m"])
    with pytest.raises(Exception, match="Missing parameter: model_dirs"):
        parse(["hnseg", "run", "containers/hecktor", "--input", "i", "--output", "o"])
