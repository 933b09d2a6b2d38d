import json
import re
from datetime import date
from pathlib import Path

import pytest

from hnseg.errors import InputError
from hnseg.rehearsal.profile_file import DERIVED, LIMITS, SHIPPED, ProfileFile, merged, read_profile, shipped_file

OWN = {"name": "phase", "base": "invoke", "source": "the phase's page", "read_on": "2026-05-01"}


@pytest.fixture
def read(tmp_path):
    """Read a file with this content, a text or what JSON holds."""

    def read_content(content):
        path = tmp_path / "phase.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return read_profile(str(path))

    return read_content


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_is_complete_but_for_the_challenges_limits(name):
    whole = merged(read_profile(name))
    assert whole.name == name
    assert {key for key in LIMITS if getattr(whole, key) is None} == {"time_limit_s", "ram_gib", "vram_gib"}
    assert all(rule.source and rule.read_on <= date.today() for rule in whole.rules)
    assert len({rule.name for rule in whole.rules}) == len(whole.rules)
    assert all((rule.rehearsed == "stricter") == bool(rule.here) for rule in whole.rules)


def test_a_file_is_laid_over_its_base_and_that_over_its_own(read):
    files = read(OWN | {"log_lines": 1000, "environment": {"TOKEN": "x"}})
    assert [file.name for file in files] == ["exec", "invoke", "phase"]
    whole = merged(files)
    assert (whole.name, whole.api_method, whole.log_lines, whole.pids) == ("phase", "invoke", 1000, 512)
    assert whole.environment == {
        "LOG_LEVEL": "INFO",
        "PYTHONUNBUFFERED": "1",
        "no_proxy": "amazonaws.com",
        "TOKEN": "x",
    }


def test_a_rule_replaces_that_of_its_name_and_has_the_files_source_or_its_own(read):
    rules = [
        {"name": "network", "value": "none but the organisers' server"},
        {"name": "submissions", "value": "2 a day", "source": "a mail", "read_on": "2026-06-01"},
    ]
    whole = merged(read(OWN | {"rules": rules}))
    by_name = {rule.name: rule for rule in whole.rules}
    assert len(by_name) == len(whole.rules)
    network, submissions = by_name["network"], by_name["submissions"]
    assert (network.value, network.source, network.read_on) == (rules[0]["value"], OWN["source"], date(2026, 5, 1))
    assert (submissions.source, submissions.read_on) == ("a mail", date(2026, 6, 1))
    assert submissions.rehearsed == "not imitated"


def test_a_rule_of_the_base_has_the_source_of_the_file_that_gives_its_limit(read):
    whole = merged(read(OWN | {"log_lines": 1000}))
    sources = {rule.name: rule.source for rule in whole.rules}
    assert sources["log"] == OWN["source"]
    assert sources["network"] != OWN["source"]


def test_numbers_take_the_places_of_limits():
    (rule,) = ProfileFile(
        source="x", read_on=date(2026, 1, 1), rules=[{"name": "cpus", "value": "{cpus} of {cpus}", "here": "{pids}"}]
    ).rules
    worded = rule.worded({"cpus": 4, "pids": 1.5})
    assert (worded.value, worded.here) == ("4 of 4", "1.5")


def test_the_rules_that_are_stricter_are_those_of_the_platform_in_the_other_file():
    names = {rule.name for rule in shipped_file("as_strict_as_platform").rules}
    assert names < {rule.name for rule in merged(read_profile("exec")).rules}
    assert not {place for rule in shipped_file("exec").rules for place in rule.places} - {*LIMITS, *DERIVED}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({key: OWN[key] for key in OWN if key != "base"}, "must name its base, one of exec, invoke, batch"),
        (OWN | {"base": "mine"}, "but base must be 'exec', 'invoke' or 'batch', found 'mine'"),
        ({key: OWN[key] for key in OWN if key != "source"}, "but source is missing"),
        (OWN | {"ram": 16}, "but ram is no key that is known here; is ram_gib meant?"),
        (OWN | {"ram_gib": 1}, "but ram_gib must be greater than 1, found 1"),
        (OWN | {"cpus": 0}, "but cpus must be greater than 0, found 0"),
        (OWN | {"time_limit_s": "long"}, "but time_limit_s must be a number, found 'long'"),
        (OWN | {"rules": [{"name": "x", "value": "{speed}"}]}, "but rules: {speed} is no limit"),
        (OWN | {"rules": [{"value": "x"}]}, "but rules > 0 > name is missing"),
        (OWN | {"rules": "none"}, "but rules must be a"),
        ("[]", "it must be a JSON object"),
        ("{", "it is no JSON ("),
    ],
)
def test_a_file_that_is_no_profile_is_refused_with_what_is_wrong(read, content, problem):
    with pytest.raises(InputError) as caught:
        read(content)
    assert problem in str(caught.value)
    assert "phase.json" in str(caught.value)


def test_a_misspelt_name_is_refused():
    with pytest.raises(
        InputError, match=r"one of exec, invoke, batch, or a JSON file, but invok can't be read \(No such"
    ):
        read_profile("invok")


def test_the_example_of_the_documentation_is_a_profile(read):
    page = (Path(__file__).parents[2] / "docs/formats.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", page, flags=re.DOTALL)
    whole = merged(read(example))
    assert (whole.name, whole.api_method, whole.ram_gib, whole.cpus, whole.pids) == (
        "final-phase",
        "invoke",
        32,
        8,
        512,
    )
    assert all(f"`{key}" in page for key in ProfileFile.model_fields)
