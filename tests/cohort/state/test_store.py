import os
from contextlib import suppress
from datetime import datetime, timezone
from pathlib import Path

import pytest

from hnseg.cohort.state.status import CaseStatus, FileStamp
from hnseg.cohort.state.store import CaseStore, write_whole
from hnseg.errors import OutputError


@pytest.fixture(params=[False, True], ids=["a folder a case", "flat"])
def store(request, tmp_path):
    return CaseStore(tmp_path / "results", flat=request.param)


def publish(store, name="case", text="labels", path="out.txt"):
    """Publish a case with one output."""
    with store.provisional() as made:
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(text)
        (made / "report/log.txt").write_text("a log")
        status = CaseStatus(
            case=name, status="done", seconds=1.0, ended=datetime.now(timezone.utc), work_sha256="w", inputs={},
            outputs={path: FileStamp.of(made / path)},
        )  # fmt: skip
        store.publish(status, made)
    return status


def test_what_is_published_is_there_whole(store):
    status = publish(store)
    assert store.status("case") == status
    assert store.output("case", "out.txt").read_text() == "labels"
    assert (store.case_folder("case") / "report/log.txt").read_text() == "a log"
    assert store.names() == ["case"]
    assert list((store.folder / ".unfinished").iterdir()) == []


def test_a_flat_store_has_outputs_beside_each_other(tmp_path):
    store = CaseStore(tmp_path, flat=True)
    publish(store, path="case.nii.gz")
    assert sorted(path.name for path in tmp_path.glob("[!.]*")) == ["case.nii.gz"]


def test_a_new_result_replaces_the_former_with_all_its_files(store):
    publish(store, text="old", path="former.txt")
    publish(store, text="new")
    assert store.output("case", "out.txt").read_text() == "new"
    assert not store.output("case", "former.txt").exists()


def test_counts_of_attempts_are_each_runs_own_and_gone_with_it(store):
    with store.attempt_counts() as first, store.attempt_counts() as second:
        assert (first.begin("case"), first.begin("case"), second.begin("case")) == (1, 2, 1)
    assert list((store.folder / ".unfinished").iterdir()) == []


@pytest.mark.parametrize("moment", ["rename", "replace", "unlink"])
def test_stopped_while_a_result_replaces_a_former_one_it_can_be_written_again(store, monkeypatch, moment):
    publish(store)
    original = getattr(Path, moment)
    for number in range(1, 4):
        left = iter(range(1, number))

        def stop(*args, left=left, **options):
            if next(left, None) is None:
                raise KeyboardInterrupt
            return original(*args, **options)

        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(Path, moment, stop)
            publish(store, text="other")
        found = store.status("case")
        assert found is None or FileStamp.of(store.output("case", "out.txt"), None).sha256 in {
            stamp.sha256 for stamp in found.outputs.values()
        }
        store.check("case")
        publish(store)
    assert store.output("case", "out.txt").read_text() == "labels"


def test_what_was_not_published_is_removed(store):
    with store.provisional() as made:
        (made / "half.txt").write_text("half")
    assert not made.exists()
    assert store.names() == []
    assert store.status("case") is None


def test_a_status_that_is_no_status_counts_as_none(store):
    publish(store)
    (store.case_folder("case") / "status.json").write_text("{")
    assert store.status("case") is None


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_something_else_at_a_cases_place_is_kept(tmp_path, make):
    store = CaseStore(tmp_path)
    make(tmp_path / "case")
    with pytest.raises(OutputError, match=r"holds no status\.json"):
        publish(store)
    assert (tmp_path / "case").exists()


def test_leftovers_of_dead_processes_are_swept_and_those_of_living_ones_only_when_alone(store):
    with store.provisional() as living:
        dead = living.with_name(living.name.replace(f"-{os.getpid()}-", "-4194305-"))
        dead.mkdir()
        (dead.parent / "odd").mkdir()  # a name without a process
        with store.swept(alone=False):
            assert living.exists()
            assert not dead.exists()
        with store.swept(alone=True):
            assert not living.exists()
    assert not (store.folder / ".unfinished").exists()


def test_a_file_is_written_whole(tmp_path):
    write_whole(tmp_path / "a.txt", "one")
    write_whole(tmp_path / "a.txt", "two")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.txt": "two"}
