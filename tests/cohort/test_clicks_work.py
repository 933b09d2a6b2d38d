"""Work of a simulated user with a small ensemble."""

from __future__ import annotations

from pathlib import Path

import pytest

from hnseg.cohort.clicked_case import UserOptions
from hnseg.cohort.clicks_work import clicks_work
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.references import with_references
from hnseg.cohort.work import WorkReference
from hnseg.errors import ModelError
from hnseg.evaluation.clicks.record import read_simulation
from hnseg.inference.model.bundle import open_bundle
from hnseg.platform.challenge import load_challenge
from tests.support.small_challenges import HECKTOR, HN_UISEG


@pytest.fixture
def case(tmp_path):
    HN_UISEG.write_case(tmp_path / "cases/case_000/input")
    HN_UISEG.write_reference(tmp_path, tmp_path / "cases/case_000/expected")
    spec = load_challenge(HN_UISEG.container_dir).spec
    (found,) = with_references(find_cohort(tmp_path / "cases", spec), spec.output).cases
    return found


def described(model: Path, **options) -> WorkReference:
    given = clicks_work("hn_uiseg", open_bundle(model), UserOptions(**options), device="cpu")
    return WorkReference.model_validate_json(given.model_dump_json())


def test_a_case_is_clicked_through_and_its_status_tells_of_the_last_label_map(quick_model, case, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    facts = described(quick_model(HN_UISEG), clicks=2, each_lesion=True).load()(case, out)
    found = read_simulation(out / "clicks.json")
    assert 1 <= len(found.points) <= 2
    assert len(found.steps) == len(found.points) + 1
    assert (found.user.radius_mm, found.user.has_guard) == (9.0, True)
    assert {step.user.protocol for step in (found, read_simulation(out / "each_lesion.json"))} == {
        "errors",
        "each-lesion",
    }
    assert (out / f"label_map_{len(found.points)}.nii.gz").is_file()
    assert set(facts["structures"]) == {"GTVp", "GTVn"}
    assert {"read", "prepare", "predict", "click", "click_each_lesion"} <= facts["provenance"]["stages_s"].keys()


def test_other_options_are_other_work(quick_model):
    model = quick_model(HN_UISEG)
    assert described(model).sha256 == described(model).sha256 != described(model, guard=False).sha256


def test_a_model_without_clicks_is_refused(quick_model):
    with pytest.raises(ModelError, match=r"has no prompts\. Was it trained without clicks"):
        described(quick_model(HECKTOR))
