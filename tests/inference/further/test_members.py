"""Members beyond the folds: how they are dealt over the folds, and what can't be had."""

import dataclasses

import pytest

from hnseg.inference.further.asked import FurtherMembers
from hnseg.inference.further.augmentation import UNCHANGED
from hnseg.inference.further.members import NO_DROPOUT, further_members
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from tests.support.onnx_graphs import with_graphs


@pytest.fixture(scope="module")
def dropping(make_model):
    return load_ensemble(open_bundle(make_model(folds=(0, 1, 2), dropout=0.1)), device="cpu", backend="torch")


def test_members_are_dealt_over_the_folds_and_kinds_take_turns(dropping):
    members, notes = further_members(FurtherMembers(dropout=5, tta=2), dropping)
    assert [(each.kind, each.number, each.fold) for each in members] == [
        ("dropout", 0, 0),
        ("tta", 0, 0),
        ("dropout", 1, 1),
        ("tta", 1, 1),
        ("dropout", 2, 2),
        ("dropout", 3, 0),
        ("dropout", 4, 1),
    ]
    assert notes == ()
    assert all(each.change == UNCHANGED for each in members if each.kind == "dropout")


def test_only_dropout_has_seeds_one_a_tile(dropping):
    (dropout, copy), _ = further_members(FurtherMembers(dropout=1, tta=1), dropping)
    assert len(set(dropout.seeds([(0, 0, 0), (0, 0, 8)]))) == 2
    assert copy.seeds([(0, 0, 0), (0, 0, 8)]) == []


def test_a_network_without_dropout_has_copies_alone(five):
    members, notes = further_members(FurtherMembers(dropout=3, tta=1), five)
    assert [each.kind for each in members] == ["tta"]
    assert notes == (NO_DROPOUT,)


def test_where_no_torch_runs_the_networks_it_is_said_that_it_runs_these(dropping):
    pytest.importorskip("openvino")
    by_openvino = load_ensemble(dropping.bundle, device="cpu", backend="openvino")
    _, notes = further_members(FurtherMembers(dropout=2), by_openvino)
    assert notes == ("openvino has no dropout: torch ran the 2 dropout passes.",)


def test_none_asked_for_are_none(dropping):
    assert further_members(FurtherMembers(), dataclasses.replace(dropping)) == ((), ())


def test_graphs_have_no_dropout(make_model, tmp_path):
    folder = with_graphs(make_model(exported=True, dropout=0.1), tmp_path / "graphs")
    ensemble = load_ensemble(open_bundle(folder), device="cpu")
    members, notes = further_members(FurtherMembers(dropout=3, tta=1), ensemble)
    assert [each.kind for each in members] == ["tta"]
    assert notes == (NO_DROPOUT,)
