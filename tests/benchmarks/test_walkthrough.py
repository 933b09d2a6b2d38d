"""The walkthrough: its page has the commands of its script, which exist with their options, and outputs are cut."""

import importlib
import re
import shlex

import pytest
import typer

from hnseg.platform.challenge import load_challenge
from hnseg_training.fitting.preset import PRESETS
from tests.docs.test_pages import ROOT

PAGE = ROOT / "docs" / "walkthrough.md"
PACKAGES = {"hnseg": "hnseg.cli", "hnseg-train": "hnseg_training.cli"}


@pytest.fixture
def walkthrough(script):
    return script("walkthrough")


@pytest.fixture
def commands(walkthrough):
    """Every command of the five ways."""
    return [step.command for name, walk in walkthrough.WALKS.items() for step in walk.steps(name)]


def command_of(program, verb):
    """Return a verb's command as the program has it."""
    module = importlib.import_module(f"{PACKAGES[program]}.{verb}")
    app = typer.Typer()
    app.callback()(lambda: None)
    if isinstance(module.command, typer.Typer):
        app.add_typer(module.command, name=verb)
    else:
        app.command(name=verb, **getattr(module, "SETTINGS", {}))(module.command)
    return typer.main.get_command(app)


def parse(command, words):
    """Return the names of the commands that words lead to; an unknown word or option is an error of the parser."""
    context = command.make_context(command.name, list(words))
    if not hasattr(command, "resolve_command"):
        return [command.name]
    name, inner, rest = command.resolve_command(context, [*context._protected_args, *context.args])
    return [name, *parse(inner, rest)]


def test_the_page_has_the_commands_of_the_script_in_their_order(commands):
    assert re.findall(r"^\$ (.*)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE) == commands


def test_the_page_has_nothing_of_the_machine_it_was_written_on():
    text = PAGE.read_text(encoding="utf-8")
    assert not re.search(r"(?<!\w)/(work|home|root|usr|var)/|site-packages|\x1b|Traceback", text)
    assert all(len(line) <= 240 for line in text.splitlines())


def test_every_challenge_has_its_way(walkthrough):
    assert set(walkthrough.WALKS) == {path.parent.name for path in ROOT.glob("containers/*/spec.py")}
    for challenge in walkthrough.WALKS:
        assert load_challenge(ROOT / "containers" / challenge).spec


def test_every_command_and_option_exists(commands):
    ours = [words for words in map(shlex.split, commands) if words[0] in PACKAGES]
    assert len(ours) >= 5 * 6
    for program, verb, *rest in ours:
        assert parse(command_of(program, verb), [verb, *rest])[0] == verb


def test_an_option_that_does_not_exist_is_noticed():
    words = ["fit", "hnts_mrg", "--work", "build", "--epochz", "1"]
    # By its version typer depends on click or has a copy of it, so that the error's class has two places.
    with pytest.raises(Exception, match="No such option: --epochz"):
        parse(command_of("hnseg-train", "fit"), words)


def test_presets_exist(walkthrough):
    assert all({walk.preset, walk.long} <= set(PRESETS) for walk in walkthrough.WALKS.values())


def test_an_output_is_cut_to_its_end_and_has_no_folder_of_the_machine(walkthrough):
    output = (
        f"first\n\nconverting: 1 of 3 done\nconverting: 3 of 3 done\n\x1b[1m{walkthrough.ROOT}/build/x\x1b[0m  \n"
        "/a/b.py:3: UserWarning: no\n  warn()\n" + "long " * 40
    )
    *lines, last = walkthrough.cut(output, 3).splitlines()
    assert lines == ["[...]", "converting: 3 of 3 done", "build/x"]
    assert last.endswith(" [...]")
    assert len(last) <= walkthrough.WIDEST
    assert walkthrough.cut("one\ntwo", 2) == "one\ntwo"


def test_a_command_that_fails_ends_it_with_its_output(walkthrough):
    step = walkthrough.Step("x", "Fails.", "echo why; false | cat", 3)
    with pytest.raises(SystemExit, match=r"(?s)why.*must end with status 0, but ended with 1"):
        walkthrough.run(step)


def test_a_command_is_run_and_timed(walkthrough):
    output, seconds = walkthrough.run(walkthrough.Step("x", "Says.", "echo one; echo two >&2; sleep 0.2", 3))
    assert output == "one\ntwo"
    assert seconds >= 0.2


def test_minutes_are_by_step_and_challenge(walkthrough):
    results = {name: [("", 30.0)] * len(walk.steps(name)) for name, walk in walkthrough.WALKS.items()}
    table = walkthrough.minutes_of(results)
    assert table.headings[1:] == (
        "phantoms", "convert", "plan", "fit", "export", "build", "rehearse", "save", "outcomes", "all",
    )  # fmt: skip
    assert table.rows[0] == ("[HNTS-MRG 2024](#hnts-mrg-2024)", *["0.5"] * 8, "", "4.5")
    assert table.rows[2][-2:] == ("0.5", "5.0")


def test_a_section_has_each_command_with_its_output_and_time(walkthrough):
    part = walkthrough.part(walkthrough.Step("x", "Says.", "echo 1"), ("1", 90.0))
    assert part == "Says. (1.5 min)\n\n```\n$ echo 1\n1\n```\n"


def test_a_challenge_that_was_not_run_has_its_commands_and_no_row_of_minutes(walkthrough):
    ran = {"han_seg": [("done", 6.0)] * len(walkthrough.WALKS["han_seg"].steps("han_seg"))}
    page = walkthrough.page(ran)
    assert page.count("\ndone\n") == page.count("(6 s)") == len(ran["han_seg"])
    assert "$ hnseg-train plan hnts_mrg" in page
    assert "[HaN-Seg 2023](#han-seg-2023) | 0.1 |" in page
    assert "#hnts-mrg-2024" not in page
