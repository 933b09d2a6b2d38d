"""`hnseg predict` on a folder: the label maps are those of each case alone, and the same command goes on."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from hnseg.cli import predict
from hnseg.errors import InputError, OutputError
from hnseg.imaging.geometry import Grid, image_of

HNSEG = Path(sys.executable).with_name("hnseg")
GRID = Grid((34, 30, 9), (1.0, 1.13, 1.9), (4.1, 5.3, -6.7), sitk.Euler3DTransform().GetMatrix())
OPTIONS = ("--no-mirroring", "--step", "1", "--device", "cpu")


@pytest.fixture
def model(make_model):
    return make_model(folds=(0, 1))


@pytest.fixture
def folder(tmp_path):
    """Write three cases of two channels, the last one cut off, and a file that belongs to none."""
    rng = np.random.default_rng(1)
    folder = tmp_path / "imagesTs"
    folder.mkdir()
    for name in ("a", "b", "c"):
        for channel in range(2):
            path = folder / f"{name}_{channel:04d}.nii.gz"
            sitk.WriteImage(image_of(rng.normal(300, 40, GRID.shape_zyx).astype(np.int16), GRID), str(path))
    path.write_bytes(path.read_bytes()[:-200])
    (folder / "notes.txt").touch()
    return folder


def in_this_process(*words):
    app = typer.Typer()
    app.command()(predict.command)
    return CliRunner().invoke(app, [*map(str, words)])


def test_a_folder_gives_the_label_maps_of_each_case_alone(model, folder, tmp_path):
    output = tmp_path / "out"
    words = [HNSEG, "predict", model, folder, "--output", output, "--workers", "2", *OPTIONS]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "3 cases; 1 files or folders belong to no case (notes.txt)." in done.stderr
    assert sorted(path.name for path in output.glob("*.nii.gz")) == ["a.nii.gz", "b.nii.gz"]
    assert done.stdout.strip() == str(output / "index.html")
    assert "2 cases done, 1 failed: c." in done.stderr
    alone = tmp_path / "a.nii.gz"
    assert in_this_process(model, *sorted(folder.glob("a_*")), "--output", alone, *OPTIONS).exit_code == 0
    assert (output / "a.nii.gz").read_bytes() == alone.read_bytes()
    status = {name: json.loads((output / ".cohort" / name / "status.json").read_text()) for name in "abc"}
    assert [status[name]["status"] for name in "abc"] == ["done", "done", "failed"]
    assert "image of channel noNorm" in status["c"]["reason"]
    written = (output / "b.nii.gz").stat().st_mtime_ns
    assert in_this_process(model, folder, "--output", output, *OPTIONS).exit_code == 1
    assert (output / "b.nii.gz").stat().st_mtime_ns == written


def test_without_dask_the_cure_is_told(model, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    failure = in_this_process(model, folder, "--output", tmp_path / "out", *OPTIONS).exception
    assert isinstance(failure, InputError)
    assert 'pip install "hnseg[cluster]"' in str(failure)


def test_files_of_another_program_are_not_replaced(model, folder, tmp_path):
    reference = tmp_path / "labelsTs" / "b.nii.gz"
    reference.parent.mkdir()
    reference.write_text("reference")
    failure = in_this_process(model, folder, "--output", reference.parent, *OPTIONS).exception
    assert isinstance(failure, OutputError)
    assert f"{reference} is there, which no run wrote" in str(failure)
    assert [path.read_text() for path in reference.parent.iterdir()] == ["reference"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--output", "{0}/out", "--json", "{0}/r.json"), "For a folder of cases, --json must be left out"),
        (("--output", "{0}/out", "--probabilities", "{0}/p.npy"), "--probabilities must be left out"),
        (("--output", "{0}/out", "--uncertainty", "{0}/u"), "--uncertainty must be left out"),
        (("--output", "{0}/out.nii.gz"), "--output must be a folder"),
        (("--output", "{0}/imagesTs"), "--output must not be the folder of the images"),
    ],
    ids=["report", "probabilities", "uncertainty", "file", "images"],
)
def test_what_a_folder_does_not_have_is_refused(folder, tmp_path, words, sentence):
    # The model does not exist, which would be told first if it were opened first.
    failure = in_this_process(tmp_path / "no model", folder, *(word.format(tmp_path) for word in words)).exception
    assert isinstance(failure, InputError | OutputError)
    assert sentence in str(failure)
    assert not (tmp_path / "out").exists()
