"""Work of a model on images, beside `hnseg predict` on the same images."""

import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from hnseg.cli import predict
from hnseg.cohort.finding.channel_images import find_channel_images
from hnseg.cohort.predict_work import predict_work
from hnseg.cohort.state.store import REPORT_FOLDER
from hnseg.cohort.work import WorkReference
from hnseg.errors import DeadlineError, InputError, OutputError
from hnseg.imaging.geometry import Grid, image_of
from hnseg.inference.model.bundle import open_bundle

GRID = Grid((34, 30, 9), (1.0, 1.13, 1.9), (4.1, 5.3, -6.7), sitk.Euler3DTransform().GetMatrix())


@pytest.fixture
def cases(tmp_path):
    """Write two cases of two channels and return their folder."""
    rng = np.random.default_rng(1)
    for name in ("a", "b"):
        for channel in range(2):
            path = tmp_path / "images" / f"{name}_{channel:04d}.nii.gz"
            path.parent.mkdir(exist_ok=True)
            sitk.WriteImage(image_of(rng.normal(300, 40, GRID.shape_zyx).astype(np.int16), GRID), str(path))
    return tmp_path / "images"


@pytest.fixture
def model(make_model):
    return make_model(folds=(0, 1))


def described(model, *, folds=None, **options):
    """The reference as it reaches the process that loads it."""
    work = predict_work(open_bundle(model, folds=folds), device="cpu", **options)
    return WorkReference.model_validate_json(work.model_dump_json())


def predicted(model, images, output, *words):
    app = typer.Typer()
    app.command()(predict.command)
    done = CliRunner().invoke(app, [*map(str, (model, *images, *words)), "--output", str(output), "--device", "cpu"])
    assert done.exit_code == 0, done.output
    return output.read_bytes()


def test_the_checkpoint_reaches_the_process_that_loads_it(model, tmp_path):
    folder = shutil.copytree(model, tmp_path / "model")
    shutil.copyfile(folder / "fold_1/checkpoint_final.pth", folder / "fold_0/checkpoint_best.pth")
    work = predict_work(open_bundle(folder, checkpoint="best"), device="cpu")
    loaded = WorkReference.model_validate_json(work.model_dump_json()).load()
    assert [path.name for path in loaded.ensemble.bundle.weights_files] == ["checkpoint_best.pth"]
    assert "fold_0/checkpoint_best.pth" in work.identity["model_sha256"]


def test_label_maps_are_those_of_the_verb_on_each_image(model, cases, tmp_path):
    work = described(model, folds=[1], step=1.0, mirroring=False).load()
    for case in find_channel_images(cases, open_bundle(model).channels).cases:
        folder = tmp_path / case.name
        folder.mkdir()
        facts = work(case, folder)
        words = ("--folds", "1", "--step", "1", "--no-mirroring")
        verb = predicted(model, case.inputs.images.values(), tmp_path / f"{case.name}.nii.gz", *words)
        assert (folder / f"{case.name}.nii.gz").read_bytes() == verb
        assert sorted(path.name for path in folder.iterdir()) == [f"{case.name}.nii.gz", REPORT_FOLDER]
        assert facts["provenance"]["effort_spent"]["passes"] == 8
        assert set(facts["provenance"]["stages_s"]) == {"read", "predict", "write"}


@pytest.mark.parametrize(("ending", "suffix"), [(".nrrd", ".nrrd"), (".tif", ".nii.gz"), (7, ".nii.gz")])
def test_the_suffix_is_the_data_sets_where_it_can_be_written(model, tmp_path, ending, suffix):
    folder = shutil.copytree(model, tmp_path / "model")
    dataset = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(dataset | {"file_ending": ending}))
    assert described(folder).identity["suffix"] == suffix


def test_the_time_counts_from_the_case(model, cases, tmp_path):
    case, _ = find_channel_images(cases, open_bundle(model).channels).cases
    with pytest.raises(DeadlineError, match=r"within 0\.001 s"):
        described(model, limit_s=0.001).load()(case, tmp_path)


def test_a_broken_image_raises_its_sentence(model, cases, tmp_path):
    case, _ = find_channel_images(cases, open_bundle(model).channels).cases
    (cases / "a_0001.nii.gz").write_bytes(b"none")
    with pytest.raises(InputError, match="image of channel noNorm"):
        described(model).load()(case, tmp_path)


def test_a_folder_that_cant_be_written_to_is_told(model, cases, tmp_path):
    case, _ = find_channel_images(cases, open_bundle(model).channels).cases
    with pytest.raises(OutputError, match=f"must be written to {tmp_path / 'none'}, but that failed"):
        described(model, step=1.0, mirroring=False).load()(case, tmp_path / "none")


@pytest.mark.parametrize(
    "changed",
    [{"folds": [0]}, {"step": 1.0}, {"mirroring": False}, {"precision": "fast"}, {"skip": "air"}, {"limit_s": 9.0}],
    ids=lambda changed: next(iter(changed)),
)
def test_other_options_are_other_work(model, changed):
    assert described(model, **changed).sha256 != described(model).sha256
