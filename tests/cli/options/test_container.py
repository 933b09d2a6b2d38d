from dataclasses import fields
from inspect import signature
from pathlib import Path

import pytest

from containers.hnts_mrg.spec import SPEC
from hnseg.cli.options.container import ContainerOptions
from hnseg.cohort.challenge_work import challenge_work
from hnseg.errors import InputError
from hnseg.inference.model.bundle import open_bundle

ROOT = Path(__file__).parents[3]


def test_each_is_an_option_of_the_work_with_its_default():
    of_work = signature(challenge_work).parameters
    assert {each.name: each.default for each in fields(ContainerOptions)} == {
        each.name: of_work[each.name].default for each in fields(ContainerOptions)
    }


def test_a_case_may_take_the_challenge_s_time_where_none_is_given():
    assert ContainerOptions().allowed_s(SPEC) == SPEC.limits.time_s
    assert ContainerOptions(limit_s=0.0).allowed_s(SPEC) == 0


def test_the_work_has_what_was_chosen_and_what_is_added():
    bundle = open_bundle(ROOT / "test_data/hnts_mrg/model")
    container = ROOT / "containers/hnts_mrg"
    chosen = ContainerOptions(backend="torch", skip="air", limit_s=60.0)
    expected = challenge_work(container, bundle, backend="torch", skip="air", limit_s=60.0, uncertainty=True)
    assert chosen.work(container, bundle, uncertainty=True) == expected
    assert ContainerOptions().work(container, bundle) == challenge_work(container, bundle)
    with pytest.raises(InputError, match="edition"):
        ContainerOptions(edition="1999").work(container, bundle)
