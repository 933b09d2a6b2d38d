"""A written description rehearses a container as the one that was written by hand does."""

from dataclasses import replace

import pytest

from hnseg.errors import InputError, OutputError
from hnseg.rehearsal.cases import find_cases
from hnseg.rehearsal.preparing.input_list import Dialect, write_input_list
from hnseg.rehearsal.preparing.new_spec.writing import write_spec
from hnseg.rehearsal.preparing.spec_file import SPEC_FILE, load_spec
from hnseg.rehearsal.profile import profile_of
from hnseg.rehearsal.rehearse import rehearse
from hnseg.rehearsal.request import Request
from hnseg.rehearsal.running.runners import process_runner
from tests.support.small_challenges import CHALLENGES, HNTS_MRG
from tests.support.small_rehearsal import no_progress, write_case


@pytest.fixture
def example(tmp_path):
    """The small case of HNTS-MRG with the platform's list, and an output: its reference."""
    case_dir = write_case(HNTS_MRG, tmp_path)
    write_input_list(load_spec(HNTS_MRG.container_dir), case_dir / "input", Dialect.TODAY)
    return case_dir


def test_a_description_is_written_with_its_doubts_and_the_case(example, tmp_path):
    written = write_spec(tmp_path / "new one", example / "input/inputs.json", example / "expected")
    assert (written.file, written.case_dir) == (tmp_path / "new one" / SPEC_FILE, example)
    spec = load_spec(tmp_path / "new one")
    own = load_spec(HNTS_MRG.container_dir)
    assert (spec.name, spec.output.relative_path, spec.output.on_grid_of) == (
        "new_one",
        own.output.relative_path,
        own.output.on_grid_of,
    )
    given = {socket.relative_path for socket in own.inputs if (example / "input" / socket.relative_path).is_dir()}
    assert {socket.relative_path for socket in spec.inputs} == given
    assert all(doubt.split(":")[0] in written.file.read_text(encoding="utf-8") for doubt in written.doubts)
    assert [path.name for path in written.file.parent.iterdir()] == [SPEC_FILE]


def test_nothing_is_replaced(example, tmp_path):
    (tmp_path / SPEC_FILE).write_text("mine", encoding="ascii")
    with pytest.raises(OutputError, match=r"must not replace another, but .*spec\.py exists"):
        write_spec(tmp_path, example / "input/inputs.json", example / "expected")
    assert (tmp_path / SPEC_FILE).read_text(encoding="ascii") == "mine"


def test_a_list_that_is_missing_leaves_nothing_behind(example, tmp_path):
    with pytest.raises(InputError, match="must be a file, but there is none at"):
        write_spec(tmp_path / "new", example / "input", example / "expected")
    assert not (tmp_path / "new").exists()


def test_a_folder_that_can_not_be_made_is_named(example, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="must be made, but that failed"):
        write_spec(tmp_path / "file" / "new", example / "input/inputs.json", example / "expected")


@pytest.mark.slow
@pytest.mark.parametrize("challenge", CHALLENGES, ids=lambda challenge: challenge.name)
def test_a_container_is_rehearsed_as_by_the_spec_written_by_hand(challenge, quick_model, tmp_path):
    case_dir, spec = write_case(challenge, tmp_path), load_spec(challenge.container_dir)
    write_input_list(spec, case_dir / "input", Dialect.TODAY)
    limits = profile_of(spec.limits)
    runner = process_runner(challenge.container_dir, limits, gpu=False)
    by_hand = Request(spec, find_cases([case_dir]), quick_model(challenge), limits, tmp_path / "by hand")
    expected = rehearse(by_hand, runner, no_progress)
    assert expected.passed, expected.verdict

    folder = tmp_path / challenge.name  # so that the challenge's measures are found
    write_spec(folder, case_dir / "input/inputs.json", by_hand.output_dir("case_000"))
    written = replace(by_hand, spec=load_spec(folder), keep_dir=tmp_path / "written")
    found = rehearse(written, runner, no_progress)
    assert (found.passed, found.verdict) == (True, expected.verdict)
    (case,), (case_by_hand,) = found.cases, expected.cases
    assert (case.output_file, case.structures) == (case_by_hand.output_file, case_by_hand.structures)
    assert sorted(case.maps.values()) == sorted(case_by_hand.maps.values())
    assert {one.given for one in case.answers.values()} == {one.given for one in case_by_hand.answers.values()}
