"""Files that verbs write: what is refused before the work, and what is there after it."""

import os
import signal
import stat
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError, OutputError
from hnseg.imaging.files.output_files import Output, output_files, reason_of, write_image
from hnseg.imaging.geometry import array_of
from hnseg.signals import sigterm_unwinds


@pytest.fixture
def former(tmp_path):
    """Return a file that was there before."""
    path = tmp_path / "score.json"
    path.write_text("former")
    return path


def write(path, *, then=lambda: None, **more):
    """Write a text as a verb would that goes on with other work."""
    with output_files(Output("--json", path), **more) as files:
        files.write("--json", lambda provisional: provisional.write_text("new"))
        then()


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_gets_its_name_when_the_work_is_done(tmp_path):
    with output_files(Output("--json", tmp_path / "a.json"), Output("--csv", None)) as files:
        assert files.write("--json", lambda path: path.write_text("new")) == 3
        assert files.write("--csv", lambda path: path.write_text("new")) is None
        assert not (tmp_path / "a.json").exists()
    assert (tmp_path / "a.json").read_text() == "new"
    assert names_in(tmp_path) == ["a.json"]


def test_a_new_file_replaces_a_former_one_and_keeps_its_mode(former):
    former.chmod(0o640)
    write(former)
    assert former.read_text() == "new"
    assert stat.S_IMODE(former.stat().st_mode) == 0o640


@pytest.mark.parametrize("error", [InputError("refused"), KeyboardInterrupt(), ZeroDivisionError()])
def test_a_former_file_survives_a_failure_after_writing(former, error):
    def fail():
        raise error

    with pytest.raises(type(error)):
        write(former, then=fail)
    assert former.read_text() == "former"
    assert names_in(former.parent) == ["score.json"]


def test_a_former_file_survives_a_full_disk(former):
    def fill(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with (
        pytest.raises(OutputError, match=r"The score must be written, but that failed: No space left on device\. Does"),
        output_files(Output("--json", former, "The score must be written")) as files,
    ):
        files.write("--json", fill)
    assert former.read_text() == "former"
    assert names_in(former.parent) == ["score.json"]


def test_an_output_that_was_not_written_stays_as_it_was(former):
    with output_files(Output("--json", former)):
        pass
    assert former.read_text() == "former"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere/a.json", "No such file or directory"),
        ("score.json/a.json", "Not a directory"),
        ("folder", "Is a directory"),
        ("a" * 300, "File name too long"),
    ],
)
def test_a_place_that_is_none_is_refused_before_the_work(former, name, reason):
    (former.parent / "folder").mkdir()
    path = former.parent / name
    with (
        pytest.raises(OutputError, match="must be written, but that failed") as refused,
        output_files(Output("--json", path)),
    ):
        pytest.fail("the work began")
    assert str(refused.value).startswith(f"{path} must be written, but that failed: {reason}. Does the folder exist")
    assert names_in(former.parent) == ["folder", "score.json"]


def test_a_file_that_must_not_be_written_to_is_not_replaced(former, monkeypatch):
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.W_OK)  # as for a user other than root
    with pytest.raises(OutputError, match="Permission denied"):
        write(former)
    assert former.read_text() == "former"


@pytest.mark.parametrize("name", ["map.txt", "map", "mha", ".mha.txt"])
def test_another_suffix_is_refused(tmp_path, name):
    output = Output("--output", tmp_path / name, suffixes=(".mha", ".nii.gz"))
    with pytest.raises(OutputError, match=r"--output must be one file of type \.mha, \.nii\.gz, but .* was asked for"):
        output_files(output).__enter__()


@pytest.mark.parametrize("name", ["MAP.MHA", "Map.NII.GZ", "map.Nrrd"])
def test_a_suffix_in_capitals_is_its_format(tmp_path, name):
    image = sitk.GetImageFromArray(np.arange(24, dtype=np.uint8).reshape(2, 3, 4))
    with output_files(Output("--output", tmp_path / name, suffixes=(".mha", ".nii.gz", ".nrrd"))) as files:
        files.write("--output", lambda path: write_image(image, path))
    assert names_in(tmp_path) == [name]
    plain = (tmp_path / name).rename(tmp_path / name.lower())
    assert np.array_equal(array_of(sitk.ReadImage(str(plain))), array_of(image))


def _same(former):
    return former


def _detour(former):
    return former.parent / "folder" / ".." / former.name


def _symbolic(former):
    link = former.parent / "link.json"
    link.symlink_to(former.name)
    return link


def _hard(former):
    link = former.parent / "hard.json"
    os.link(former, link)
    return link


@pytest.mark.parametrize("spell", [_same, _detour, _symbolic, _hard])
def test_an_input_is_not_replaced_by_any_of_its_names(former, spell):
    (former.parent / "folder").mkdir()
    path = spell(former)
    with pytest.raises(OutputError, match=r"--json must not replace an input, but .* read\. Name another file"):
        write(path, inputs=[former])
    if spell is not _same:
        with pytest.raises(OutputError, match="must not replace an input"):
            write(former, inputs=[path])
    assert former.read_text() == "former"


def test_no_file_of_an_input_folder_is_replaced_but_one_may_be_added(former):
    with pytest.raises(OutputError, match=r"--json must not replace an input, but .*score\.json is a file of"):
        write(former, inputs=[former.parent])
    write(former.parent / "other.json", inputs=[former.parent])
    assert names_in(former.parent) == ["other.json", "score.json"]


def test_two_outputs_are_not_one_file(former):
    link = _symbolic(former)
    for first, second in ((former, link), (former.parent / "new", former.parent / "new")):
        with pytest.raises(OutputError, match="--json and --csv must be two files, but both are"):
            output_files(Output("--json", first), Output("--csv", second)).__enter__()
    assert former.read_text() == "former"


def test_a_link_stays_a_link_and_its_target_is_replaced(former):
    link = _symbolic(former)
    write(link)
    assert link.is_symlink()
    assert former.read_text() == "new"


def test_links_of_one_name_to_one_folder_are_two_files(tmp_path):
    for name in ("a", "b", "store"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        (tmp_path / name / "out.json").symlink_to(tmp_path / "store" / f"{name}.json")
    outputs = [Output(f"--{name}", tmp_path / name / "out.json") for name in ("a", "b")]
    with output_files(*outputs) as files:
        for name in ("a", "b"):
            files.write(f"--{name}", lambda path, name=name: path.write_text(name))
    assert {name: (tmp_path / "store" / name).read_text() for name in names_in(tmp_path / "store")} == {
        "a.json": "a",
        "b.json": "b",
    }


def test_a_pipe_receives_the_content_and_stays_a_pipe(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write(pipe)
    assert os.read(reader, 10) == b"new"
    os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_device_that_is_full_is_named():
    with pytest.raises(OutputError, match="/dev/full must be written, but that failed: No space left on device"):
        write(Path("/dev/full"))


def test_sigterm_leaves_nothing_behind(former):
    with pytest.raises(SystemExit) as ended:
        write(former, then=lambda: os.kill(os.getpid(), signal.SIGTERM))
    assert ended.value.code == 128 + signal.SIGTERM
    assert names_in(former.parent) == ["score.json"]
    assert former.read_text() == "former"


def test_a_handler_of_the_program_is_kept():
    received = []
    before = signal.signal(signal.SIGTERM, lambda *_: received.append(True))
    try:
        with sigterm_unwinds():
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert received == [True]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("short"), "short"),
        (RuntimeError("Exception\nITK ERROR: Reason: No such file.\n"), "No such file"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_reason_is_a_few_words(error, reason):
    assert reason_of(error) == reason
