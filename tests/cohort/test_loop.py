"""The loop over cases with real workers: what is done, what is done again, and what goes wrong alone."""

import json
import os

import pytest

from hnseg.cohort.case import CohortCase
from hnseg.cohort.loop import run_cohort, share_of
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import OutputError, WorkError
from hnseg.platform.input_files import InputFiles
from tests.support.cohort_works import cases_in, make_cases, work_reference


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


@pytest.fixture
def run(store):
    """A function that runs a cohort and returns its summary and what was said."""

    def run_cases(cases, work=None, **settings):
        said = []
        summary = run_cohort(cases, work or work_reference(), store, RunSettings(**settings), say=said.append)
        return summary, said

    return run_cases


def test_each_case_is_done_once_by_workers_that_load_once(tmp_path, store, run):
    cases = make_cases(tmp_path / "cases", 12)
    summary, said = run(cases, work_reference(seconds=0.05), workers=2)
    assert (summary.done, summary.failed, said) == (12, (), [])
    statuses = [store.status(case.name) for case in cases]
    assert len({status.worker.pid for status in statuses}) == 2
    assert sorted(path.name for path in store.folder.glob("case_*")) == [case.name for case in cases]
    assert len((store.folder / "cohort.log").read_text().splitlines()) == 12
    assert run(cases, work_reference(seconds=0.05))[1] == ["12 of 12 cases are done already."]
    assert [store.status(case.name) for case in cases] == statuses


def test_changed_inputs_settings_and_outputs_are_noticed_and_said(tmp_path, store, run):
    cases = make_cases(tmp_path / "cases", 4)
    run(cases)
    cases[0].inputs.images["scan"].write_text("another patient")
    store.output(cases[1].name, "images/out.txt").write_text("damaged")
    store.output(cases[2].name, "images/out.txt").unlink()
    _, said = run(cases)
    assert said == [
        "1 of 4 cases are done already.",
        "Done again, because its scan has changed: case_000.",
        "Done again, because its output images/out.txt has changed: case_001.",
        "Done again, because its output images/out.txt is missing: case_002.",
    ]
    assert store.output(cases[0].name, "images/out.txt").read_text() == "another patient"
    assert store.output(cases[1].name, "images/out.txt").read_text() == "patient 1"
    _, said = run(cases, work_reference(word="new "))
    assert said == [
        "Done again, because the model or the settings are not those that it was run with:"
        " case_000, case_001, case_002, case_003."
    ]
    assert store.output(cases[3].name, "images/out.txt").read_text() == "new patient 3"


def test_what_goes_wrong_goes_wrong_alone(tmp_path, store, run):
    make_cases(tmp_path / "cases", 16)
    for text in ("killed", "fails", "exhausts", "hangs"):
        (tmp_path / f"cases/{text}.txt").write_text(text)
    cases = cases_in(tmp_path / "cases")
    summary, _ = run(cases, work_reference("odd"), workers=2, limit_s=1.0, grace_s=1.0)
    assert summary.done == 16
    assert sorted(summary.failed) == ["exhausts", "fails", "hangs", "killed"]
    reasons = {name: store.status(name).reason for name in summary.failed}
    assert "SIGKILL" in reasons["killed"]
    assert reasons["fails"] == "The scan must be a scan, but is none."
    assert "must fit into memory" in reasons["exhausts"]
    assert "must end within 1 s" in reasons["hangs"]


def test_failed_cases_stay_failed_until_they_are_to_be_tried_again(tmp_path, run):
    cases = make_cases(tmp_path / "cases", 2)
    cases[0].inputs.images["scan"].write_text("fails")
    work = work_reference("odd", times=1, folder=str(tmp_path))
    assert run(cases, work)[0].failed == ("case_000",)
    summary, said = run(cases, work)
    assert summary.failed == ("case_000",)
    assert said[-1] == "1 failed before and stay as they are; --retry-failed tries them again."
    assert run(cases, work, retry_failed=True)[0].failed == ()


def test_shards_together_do_all_cases(tmp_path, run):
    cases = make_cases(tmp_path / "cases", 7)
    assert [run(cases, shard=(number, 3))[0].done for number in (1, 2, 3)] == [3, 2, 2]
    assert run(cases)[1] == ["7 of 7 cases are done already."]


def test_a_share_is_every_nth_case_by_name():
    cases = [CohortCase(name=name, inputs=InputFiles(images={})) for name in "dbca"]
    assert [case.name for case in share_of(cases, (2, 2))] == ["b", "d"]
    assert [case.name for case in share_of(cases, None)] == ["a", "b", "c", "d"]


def test_each_worker_has_a_gpu_and_processors_of_its_own(tmp_path, store, run):
    cases = make_cases(tmp_path / "cases", 8)
    run(cases, work_reference("surroundings", seconds=0.1), gpus=("4", "7"))
    given = [json.loads(store.output(case.name, "given.json").read_text()) for case in cases]
    assert {each["gpu"] for each in given} == {"4", "7"}
    processors = {each["gpu"]: tuple(each["processors"]) for each in given}
    if len(os.sched_getaffinity(0)) > 1:
        assert not set(processors["4"]) & set(processors["7"])


def test_work_that_can_not_be_loaded_ends_the_cohort(tmp_path, store, run):
    with pytest.raises(WorkError, match="The model must be there"):
        run(make_cases(tmp_path / "cases"), work_reference("refused"), workers=2)
    assert store.names() == []


def test_a_folder_that_is_no_result_is_not_replaced(tmp_path, store, run):
    precious = store.folder / "case_001/notes.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("mine")
    with pytest.raises(OutputError, match=r"holds no status\.json"):
        run(make_cases(tmp_path / "cases"))
    assert precious.read_text() == "mine"
    assert store.names() == []
