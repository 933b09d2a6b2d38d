"""Options of HECKTOR's score and their defaults."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from containers.hecktor.spec import LABELS as SOCKET_LABELS
from hnseg.evaluation.challenges.hecktor.options import LABELS, Options


def test_labels_are_those_of_the_container():
    assert {label: structure for structure, label in LABELS.items()} == SOCKET_LABELS


def test_defaults_are_those_of_the_latest_edition():
    assert Options().chosen == {
        "edition": "2026",
        "both-empty": "1",
        "connectivity": "26",
        "matching": "greedy",
        "rfs-means": "survival",
    }
    assert Options().given == set()


def test_given_options_are_known_even_at_their_defaults():
    options = Options(both_empty="1", clinical="outcomes.csv")
    assert options.given == {"both-empty", "clinical"}
    assert options.clinical == Path("outcomes.csv")


def test_another_value_is_refused():
    with pytest.raises(ValidationError):
        Options(connectivity="8")
