"""Conversions of texts, each a patient, that are stopped in every way and go on."""

import logging
import os
import signal
import subprocess
import sys

import pytest

from hnseg.errors import InputError, OutputError, ProblemsError
from hnseg_training.dataset.conversion.conversion import Conversion, Recipe
from hnseg_training.dataset.conversion.request import Request
from hnseg_training.dataset.survey.finding import Finding
from hnseg_training.dataset.survey.problem import Problem
from hnseg_training.dataset.work_folder import UNFINISHED, WorkFolder, write_json
from tests.support.texts_as_patients import Facts, Text


def check(source):
    return ["It must be short."] if len(source.path.read_text()) > 5 else []


def write(work, source):
    text = source.path.read_text()
    if text in STOPPING:
        STOPPING[text]()
    (work.raw / "labelsTr" / f"{source.name}.nii.gz").write_text(text)
    return Facts(length=len(text))


def raises(error):
    def stop():
        raise error

    return stop


STOPPING = {
    "ctrl": raises(KeyboardInterrupt()),
    "full": raises(OSError(28, "No space left on device")),
    "bug": raises(ZeroDivisionError()),
    "bad": raises(InputError("It must be good.")),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
}


@pytest.fixture
def folder(tmp_path):
    """Three patients."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text(name)
    return tmp_path


def run(folder, *, settings=1, leave_out=(), problems=(), leftovers=()):
    recipe = Recipe("texts", Facts, check, write, {"settings": settings})
    conversion = Conversion(recipe, Request(folder / "work", 7, leave_out))
    finding = Finding([Text(path) for path in sorted(folder.glob("*.txt"))], problems, leftovers)
    sources = conversion.surveyed(finding)
    with conversion.converted(sources) as done:
        write_json(done.work.raw / "dataset.json", {"lengths": [one.length for one in done.facts]})
        write_json(done.work.raw / "conversion.json", conversion.record(finding))
    conversion.log_end(done.work, patients=len(sources), folds=2)
    return done


def label(work, name):
    return (work.raw / "labelsTr" / f"{name}.nii.gz").read_text()


def test_a_whole_data_set_can_be_opened_and_is_not_converted_again(folder):
    done = run(folder)
    assert [one.length for one in done.facts] == [1, 1, 1]
    assert WorkFolder.open(folder / "work", challenge="texts") == done.work
    assert label(done.work, "b") == "b"
    with pytest.raises(InputError, match="holds Dataset007_texts already"):
        run(folder)


@pytest.mark.parametrize(
    ("text", "error"),
    [("ctrl", KeyboardInterrupt), ("full", OutputError), ("bug", ZeroDivisionError), ("bad", ProblemsError)],
)
def test_finished_patients_are_kept_and_not_done_again(folder, caplog, text, error):
    caplog.set_level(logging.INFO)
    (folder / "b.txt").write_text(text)
    with pytest.raises(error):
        run(folder)
    assert any("finished patients are kept; the same command goes on" in line for line in caplog.messages)
    with pytest.raises(InputError, match=r"its conversion was not finished\. Give the same hnseg-train"):
        WorkFolder.open(folder / "work", challenge="texts")
    first = folder / "work/nnUNet_raw/Dataset007_texts/labelsTr/a.nii.gz"
    before = first.stat().st_ino
    (folder / "b.txt").write_text("b")
    done = run(folder)
    assert (first.stat().st_ino, label(done.work, "b")) == (before, "b")
    assert not (done.work.raw / UNFINISHED).exists()


def test_a_refusal_while_converting_does_not_stop_the_others(folder):
    (folder / "a.txt").write_text("bad")
    with pytest.raises(
        ProblemsError, match="1 problem was found of 1 of 3 patients; the other 2 are converted"
    ) as error:
        run(folder)
    assert "  a: It must be good." in str(error.value)
    done = run(folder, leave_out=["a"])
    assert len(done.facts) == 2
    assert not (done.work.raw / "labelsTr" / "a.nii.gz").exists()


def test_a_killed_run_goes_on(folder):
    (folder / "b.txt").write_text("kill")
    program = (
        "import importlib.util, sys; from pathlib import Path\n"
        f"spec = importlib.util.spec_from_file_location('texts', {__file__!r})\n"
        "module = importlib.util.module_from_spec(spec); sys.modules['texts'] = module\n"
        f"spec.loader.exec_module(module); module.run(Path({str(folder)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False)
    assert ended.returncode == -signal.SIGKILL
    raw = folder / "work/nnUNet_raw/Dataset007_texts"
    assert [path.name for path in (raw / "labelsTr").iterdir()] == ["a.nii.gz"]
    (raw / "labelsTr" / "b.nii.gz").write_text("ha")  # half a file, as a kill may leave it
    (folder / "b.txt").write_text("b")
    done = run(folder)
    assert label(done.work, "b") == "b"
    assert sorted(path.name for path in raw.iterdir()) == ["conversion.json", "dataset.json", "imagesTr", "labelsTr"]


def test_where_no_patient_is_finished_nothing_stays(folder):
    (folder / "a.txt").write_text("ctrl")
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    assert not list((folder / "work").rglob("Dataset*"))


def test_a_failure_after_the_patients_keeps_them(folder):
    recipe = Recipe("texts", Facts, check, write)
    conversion = Conversion(recipe, Request(folder / "work", 7))
    sources = conversion.surveyed(Finding([Text(path) for path in sorted(folder.glob("*.txt"))]))
    with pytest.raises(OutputError, match="must be writable"), conversion.converted(sources):
        raise OSError(28, "No space left on device")
    assert sum(1 for _ in (folder / "work").rglob("labelsTr/*.nii.gz")) == 3


def test_what_has_changed_is_said_and_done_again(folder, caplog):
    caplog.set_level(logging.INFO)
    (folder / "c.txt").write_text("ctrl")
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    (folder / "a.txt").write_text("aa")
    (folder / "c.txt").write_text("c")
    done = run(folder)
    assert label(done.work, "a") == "aa"
    assert "1 of 3 patients were finished before" in caplog.messages
    assert "1 finished patients are converted again: the input files changed" in caplog.messages


def test_other_settings_convert_every_patient_again(folder, caplog):
    caplog.set_level(logging.INFO)
    (folder / "c.txt").write_text("ctrl")
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    (folder / "c.txt").write_text("c")
    run(folder, settings=2)
    assert "2 finished patients are converted again: the settings or the version changed" in caplog.messages


def test_all_problems_are_in_one_list_before_anything_is_written(folder):
    for name in ("a", "c"):
        (folder / f"{name}.txt").write_text("too long")
    (folder / "02.txt").write_text("x")
    (folder / "2.txt").write_text("x")
    with pytest.raises(ProblemsError) as error:
        run(folder, problems=[Problem("d", "It must be there.")])
    lines = str(error.value).splitlines()
    assert lines[0].endswith("4 problems were found of 4 of 6 patients; nothing was converted.")
    assert [line.split(":")[0] for line in lines[1:5]] == ["  d", "  02", "  a", "  c"]
    assert lines[5].endswith("--leave-out 02 --leave-out a --leave-out c --leave-out d")
    assert not (folder / "work").exists()
    assert len(run(folder, problems=[Problem("d", "It must be there.")], leave_out=["02", "a", "c", "d"]).facts) == 2


def test_finished_patients_are_not_looked_at_again(folder):
    (folder / "b.txt").write_text("ctrl")
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    status = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("d")
    os.utime(folder / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))  # an unchanged stamp
    (folder / "b.txt").write_text("b")
    assert label(run(folder).work, "a") == "a"


def test_another_number_is_refused_while_one_is_unfinished(folder):
    (folder / "b.txt").write_text("ctrl")
    with pytest.raises(KeyboardInterrupt):
        run(folder)
    with pytest.raises(InputError, match="Give --dataset-id 7, or remove that folder"):
        WorkFolder.to_go_on_with(folder / "work", challenge="texts", dataset_id=8)


def test_nobody_left_is_refused(folder):
    with pytest.raises(InputError, match="must have patients, but every one that was found is left out"):
        run(folder, leave_out=["a", "b", "c"])


def test_the_record_and_the_last_line_have_what_was_left(folder, caplog):
    caplog.set_level(logging.INFO)
    done = run(folder, leave_out=["b"], leftovers=["CHUM-004_v2/"])
    record = (done.work.raw / "conversion.json").read_text()
    assert '"b"' in record
    assert '"CHUM-004_v2/"' in record
    assert "not understood, and not converted: CHUM-004_v2/" in caplog.messages
    assert caplog.messages[-1] == "converted 2 patients, 2 folds; 1 left out"
