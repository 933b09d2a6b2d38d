"""One word for one thing: an option has the same type and meaning in every verb of both commands that has it."""

import enum
import re
import typing
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_trees import all_verbs


def repeated():
    """Return the options that several verbs have: by the option's names, each verb with its parameter."""
    options = defaultdict(dict)
    for verb in all_verbs():
        if verb.is_group:
            continue
        for parameter in verb.command.params:
            if parameter.param_type_name == "option":
                for name in parameter.opts:
                    options[name][str(verb)] = parameter
    return {name: verbs for name, verbs in sorted(options.items()) if len(verbs) > 1}


DIFFERING = {
    "--series": "the folder of one series of `rtstruct` and `seg`; of `run` and `cohort` a choice among several",
    "--dicom": "the files of the one case of `run`; what the cases are of `cohort`, which has their folder already",
    "--uncertainty": "the folder of `predict`; of `cohort`, whose cases have their own folders, whether there is one",
    "--structure": "the structure that is graded; a structure of DICOM for an input",
}
"""Options that mean the same word in two ways, each with the reason."""
REPEATED = {name: verbs for name, verbs in repeated().items() if name not in DIFFERING}


def test_options_that_differ_are_there():
    assert set(DIFFERING) <= set(repeated())


def kind_of(parameter: Any) -> str:
    """Return the type of an option in a word: a list counts as what it lists, any choice of words as a choice."""
    annotation = parameter.type_descriptor.annotation if hasattr(parameter, "type_descriptor") else parameter.type
    if typing.get_origin(annotation) is list:
        (annotation,) = typing.get_args(annotation)
    is_word = typing.get_origin(annotation) is typing.Literal or isinstance(annotation, enum.EnumMeta)
    is_path = annotation is Path or re.search("DIR|FILE", parameter.metavar or "")
    return "choice" if is_word else "path" if is_path else str(annotation)


def meaning_of(parameter: Any) -> str:
    """Return what the help of an option begins with: what the option is, before the details of the verb."""
    return " ".join(re.split(r"[:;.]", parameter.help or "", maxsplit=1)[0].split())


@pytest.mark.parametrize("name", REPEATED)
def test_an_option_has_one_type_in_all_verbs(name):
    kinds = {verb: kind_of(parameter) for verb, parameter in REPEATED[name].items()}
    assert len(set(kinds.values())) == 1, kinds


@pytest.mark.parametrize("name", REPEATED)
def test_the_help_of_an_option_begins_with_the_same_words_in_all_verbs(name):
    meanings = {verb: meaning_of(parameter) for verb, parameter in REPEATED[name].items()}
    assert len(set(meanings.values())) == 1, meanings
    assert all(meanings.values()), f"{name} has no help"


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("--out", "--output"),
        ("--output-dir", "--output"),
        ("--processes", "--workers"),
        ("--jobs", "--workers"),
        ("--overwrite", "--resume"),
        ("--model-dir", "--model"),
        ("--seeds", "--seed"),
        ("--time-limit", "--limit-s"),
        ("--record", "--json"),
    ],
)
def test_no_verb_has_a_second_word_for_a_thing(word, other):
    names = {name for verb in all_verbs() for parameter in verb.command.params for name in parameter.opts}
    assert word not in names
    assert other in names


def test_no_option_is_without_a_help():
    bare = [
        f"{verb} {parameter.opts[0]}"
        for verb in all_verbs()
        for parameter in verb.command.params
        if parameter.param_type_name == "option" and not parameter.help
    ]
    assert bare == []


def test_options_that_differ_would_be_noticed():
    output, seed = (next(iter(REPEATED[name].values())) for name in ("--output", "--seed"))
    assert kind_of(output) != kind_of(seed)
    assert (meaning_of(output), meaning_of(seed)) == ("Result", "Seed")
