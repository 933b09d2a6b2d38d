import os

import pytest

from hnseg_training.dataset.conversion.patient_state import PatientState, changes, read_state, sizes_in, stamps_of


@pytest.fixture
def state(tmp_path):
    """A patient with one input and one output."""
    (tmp_path / "ct.mha").write_text("ct")
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.nii.gz").write_text("channel")
    return PatientState(
        patient="a",
        recipe_sha256="1",
        inputs=stamps_of([tmp_path / "ct.mha"]),
        outputs=sizes_in(tmp_path / "raw", ["a.nii.gz"]),
        facts={},
    )


def changes_now(state, tmp_path, recipe="1"):
    return list(changes(state, tmp_path / "raw", recipe_sha256=recipe, inputs=stamps_of([tmp_path / "ct.mha"])))


def test_nothing_has_changed(state, tmp_path):
    assert not changes_now(state, tmp_path)


def test_another_recipe_is_a_change(state, tmp_path):
    assert changes_now(state, tmp_path, recipe="2") == ["the settings or the version"]


def test_an_input_of_another_time_or_none_is_a_change(state, tmp_path):
    os.utime(tmp_path / "ct.mha", (1, 1))
    assert changes_now(state, tmp_path) == ["the input files"]
    (tmp_path / "ct.mha").unlink()
    assert changes_now(state, tmp_path) == ["the input files"]


@pytest.mark.parametrize("content", ["cut", None])
def test_an_output_that_is_cut_or_gone_is_a_change(state, tmp_path, content):
    file = tmp_path / "raw" / "a.nii.gz"
    file.write_text(content) if content else file.unlink()
    assert changes_now(state, tmp_path) == ["the converted files"]


@pytest.mark.parametrize("content", ["", "{", "{}"])
def test_a_state_that_is_none_does_not_count(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    assert read_state(tmp_path / "a.json") is None
    assert read_state(tmp_path / "b.json") is None


def test_a_state_comes_back(state, tmp_path):
    (tmp_path / "a.json").write_text(state.model_dump_json())
    assert read_state(tmp_path / "a.json") == state
