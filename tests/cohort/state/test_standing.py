import os
from datetime import datetime, timezone

import pytest

from hnseg.cohort.state.standing import Standing, input_stamps, standing_of
from hnseg.cohort.state.status import CaseStatus, FileStamp
from hnseg.cohort.state.store import CaseStore
from tests.support.cohort_works import make_cases


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "results")


@pytest.fixture
def case(tmp_path):
    return make_cases(tmp_path / "cases", 1)[0]


@pytest.fixture
def publish(store, case):
    """A function that publishes a status of the case, with one output."""

    def write(status="done"):
        with store.provisional() as made:
            (made / "out.txt").write_text("labels")
            found = CaseStatus(
                case=case.name, status=status, seconds=1.0, ended=datetime.now(timezone.utc), work_sha256="w",
                inputs=input_stamps(case), outputs={"out.txt": FileStamp.of(made / "out.txt")},
            )  # fmt: skip
            store.publish(found, made)

    return write


def test_a_case_without_a_status_is_new(store, case):
    assert standing_of(case, "w", store) == Standing("new")


@pytest.mark.parametrize("status", ["done", "failed"])
def test_a_status_counts_while_nothing_has_changed(store, case, publish, status):
    publish(status)
    assert standing_of(case, "w", store) == Standing(status)


def test_another_model_or_settings_count_as_a_change(store, case, publish):
    publish()
    assert standing_of(case, "other", store).why.startswith("the model or the settings are not those")


def test_each_change_is_named(store, case, publish, tmp_path):
    publish()
    path = case.inputs.images["scan"]
    path.write_text("PATIENT 0")
    assert standing_of(case, "w", store) == Standing("changed", "its scan has changed")
    path.unlink()
    assert standing_of(case, "w", store) == Standing("changed", "its scan is not there any more")
    path.write_text("patient 0")
    assert standing_of(case, "w", store).kind == "done"
    more = case.inputs.model_copy(update={"values": {"record": tmp_path / "cases/record.json"}})
    (tmp_path / "cases/record.json").write_text("{}")
    grown = case.model_copy(update={"inputs": more})
    assert standing_of(grown, "w", store) == Standing("changed", "its record was not there then")
    store.output(case.name, "out.txt").write_text("labelS")
    assert standing_of(case, "w", store) == Standing("changed", "its output out.txt has changed")


def test_a_pipe_has_no_stamp_since_reading_it_could_last_for_ever(case):
    path = case.inputs.images["scan"]
    path.unlink()
    os.mkfifo(path)
    assert input_stamps(case) == {}
