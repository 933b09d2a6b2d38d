"""`hnseg refine`: files in, a label map, a table and a page out."""

import json
import re
import shutil

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from typer.testing import CliRunner

from containers.hn_uiseg import method
from containers.hn_uiseg.spec import SPEC
from hnseg.cli import refine
from hnseg.entrypoint import main
from hnseg.errors import HnsegError, InputError, ModelError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.loading import load_ensemble
from hnseg.inference.model.bundle import open_bundle
from hnseg.inference.predictor import predict
from tests.support import small_hn_uiseg
from tests.support.clicked_ensembles import GRID, MODEL, click, image
from tests.support.small_hecktor import CT_FILE, CT_FOLDER, CT_GRID, PET_FILE, PET_FOLDER

CLICKS = (click("GTVp", (10, 20, 6)), click("GTVn", (22, 33, 13), is_positive=False))


@pytest.fixture
def model(make_model):
    return make_model(folds=(0, 1), **MODEL)


@pytest.fixture
def files(tmp_path):
    """Write an image and two clicks, and return their paths."""
    sitk.WriteImage(image_of(image().array[0], GRID), str(tmp_path / "image.mha"))
    return tmp_path / "image.mha", small_hn_uiseg.write_clicks(tmp_path / "clicks.json", CLICKS, GRID)


@pytest.fixture
def run(tmp_path):
    """Run the verb in this process."""
    app = typer.Typer()
    app.command()(refine.command)
    (tmp_path / "out").mkdir()

    def run_verb(*words):
        options = ["--output", tmp_path / "out" / "refined.nii.gz", "--device", "cpu", "--backend", "torch"]
        return CliRunner().invoke(app, [str(word) for word in (*words, *options)])

    return run_verb


def refined(tmp_path):
    return sitk.ReadImage(str(tmp_path / "out" / "refined.nii.gz"))


def test_clicks_are_taken_one_after_another_and_told_in_millilitres(run, model, files, tmp_path):
    done = run(model, files[0], "--clicks", files[1])
    assert done.exit_code == 0, done.output
    found = refined(tmp_path)
    assert Grid.of(found).is_close_to(GRID)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| click | at, LPS mm | GTVp, ml | GTVn, ml | held back, ml | followed | s |")
    assert lines[2].startswith("| 1 GTVp | ")
    assert lines[3].startswith("| 2 not GTVn | ")
    millilitres = (array_of(found) == 1).sum() * GRID.voxel_volume_mm3 / 1000
    assert f"| {millilitres:.2f} (+" in lines[3]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["refined.nii.gz"]


def test_without_a_guard_it_is_the_prediction_with_all_clicks(run, model, files, tmp_path):
    assert run(model, files[0], "--clicks", files[1], "--no-guard").exit_code == 0
    ensemble = load_ensemble(open_bundle(model), device="cpu", backend="torch")
    channels = image()
    channels = type(channels)(channels.array, channels.grid, clicks=CLICKS)
    np.testing.assert_array_equal(array_of(refined(tmp_path)), array_of(predict(ensemble, channels).label_map))


def test_it_goes_on_from_a_saved_label_map(run, model, files, tmp_path):
    saved = np.zeros(GRID.shape_zyx, np.uint8)
    saved[20:, 50:] = 2
    sitk.WriteImage(image_of(saved, GRID), str(tmp_path / "saved.mha"))
    none = small_hn_uiseg.write_clicks(tmp_path / "none.json", (), GRID)
    assert run(model, files[0], "--clicks", none, "--start-from", tmp_path / "saved.mha").exit_code == 0
    np.testing.assert_array_equal(array_of(refined(tmp_path)), saved)
    done = run(model, files[0], "--clicks", files[1], "--start-from", tmp_path / "saved.mha", "--guard-mm", 5)
    assert done.exit_code == 0, done.output
    assert (array_of(refined(tmp_path))[20:, 50:] == 2).all()  # 30 mm away


def test_the_page_shows_every_click(run, model, files, tmp_path):
    page = tmp_path / "out" / "page.html"
    assert run(model, files[0], "--clicks", files[1], "--report", page).exit_code == 0
    text = page.read_text()
    assert text.count("data:image/png;base64,") == 2
    assert "2 not GTVn at " in text
    assert "http:" not in text
    assert "https:" not in text


def test_a_pet_ct_is_prepared_as_its_settings_say(run, make_model, tmp_path):
    bundle = tmp_path / "model"
    shutil.copytree(make_model(**small_hn_uiseg.MODEL), bundle)
    (bundle / "method.json").write_text(json.dumps({"crop": "head_neck", "keep_inside_body": False}))
    case = small_hn_uiseg.write_small_case(tmp_path / "input")
    scans = case / CT_FOLDER / CT_FILE, case / PET_FOLDER / PET_FILE
    clicks = tmp_path / "clicks.json"
    clicks.write_text(json.dumps(small_hn_uiseg.clicks_of({"name": "GTVp", "point": [24, 21, 27]})))
    start = np.zeros(CT_GRID.shape_zyx, np.uint8)
    start[0, 0, 0] = 2  # far outside the head's box
    sitk.WriteImage(image_of(start, CT_GRID), str(tmp_path / "start.mha"))
    for given in (scans, scans[:1]):
        done = run(bundle, *given, "--clicks", clicks, "--start-from", tmp_path / "start.mha")
        assert done.exit_code == 0, done.output
        assert Grid.of(refined(tmp_path)).is_close_to(CT_GRID)
        assert array_of(refined(tmp_path))[0, 0, 0] == 2


def test_a_model_kept_inside_the_body_gives_the_label_map_of_its_container(run, make_model, tmp_path):
    case = small_hn_uiseg.write_small_case(tmp_path / "input")
    clicks = case / small_hn_uiseg.CLICKS_FILE
    clicks.write_text(json.dumps(small_hn_uiseg.clicks_of(*small_hn_uiseg.POINTS[2:])))
    label_maps = {}
    for inside in (False, True):
        bundle = tmp_path / f"model_{inside}"
        shutil.copytree(make_model(**small_hn_uiseg.MODEL), bundle)
        (bundle / "method.json").write_text(json.dumps({"crop": "head_neck", "keep_inside_body": inside}))
        folders = ("--input", case, "--output", tmp_path / f"container_{inside}", "--model", bundle)
        # The limit counts from the start of this process, which runs other tests too.
        options = ("--device", "cpu", "--backend", "torch", "--limit-s", "1e9")
        assert main(SPEC, method, [*map(str, folders), *options]) == 0
        scans = case / CT_FOLDER / CT_FILE, case / PET_FOLDER / PET_FILE
        done = run(bundle, *scans, "--clicks", clicks, "--no-guard")
        assert done.exit_code == 0, done.output
        label_maps[inside] = array_of(refined(tmp_path))
        by_container = sitk.ReadImage(str(tmp_path / f"container_{inside}" / small_hn_uiseg.OUTPUT_FILE))
        np.testing.assert_array_equal(label_maps[inside], array_of(by_container))
    assert 0 < np.count_nonzero(label_maps[True]) < np.count_nonzero(label_maps[False])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", r"The clicks must be JSON, but .*clicks\.json is not"),
        ('{"points": [{"name": "GTVx", "point": [1, 1, 1]}]}', r"Click 1 must be named one of .* found|GTVx"),
        ('{"points": [{"name": "GTVp", "point": [1, 1, NaN]}]}', r"Click 1 must have a point of three finite numbers"),
        ('{"points": [{"name": "GTVp", "point": [1, 1, 99]}]}', r"Click 1 must lie in the image"),
    ],
)
def test_a_file_of_clicks_that_can_not_be_used_is_refused(run, model, files, tmp_path, content, sentence):
    files[1].write_text(content)
    done = run(model, files[0], "--clicks", files[1], "--report", tmp_path / "out" / "page.html")
    assert isinstance(done.exception, InputError)
    assert re.search(sentence, str(done.exception))
    assert list((tmp_path / "out").iterdir()) == []


def test_what_does_not_fit_the_model_is_refused(run, model, make_model, files, tmp_path):
    def refusal(*words):
        done = run(*words)
        assert isinstance(done.exception, HnsegError), done.output
        return done.exception

    assert "There must be one image for each of the model's 1 channels (noNorm" in str(
        refusal(model, files[0], files[0], "--clicks", files[1])
    )
    assert "must be a file, but" in str(refusal(model, tmp_path / "no.mha", "--clicks", files[1]))
    sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkUInt8), str(tmp_path / "other.mha"))
    assert "must be on the grid of the first image" in str(
        refusal(model, files[0], "--clicks", files[1], "--start-from", tmp_path / "other.mha")
    )
    without = make_model(channel_names=["noNorm"], patch=(8, 32, 32), spacing_mm=(2.5, 1.5, 1.5))
    none = small_hn_uiseg.write_clicks(tmp_path / "none.json", (), GRID)
    error = refusal(without, files[0], "--clicks", none)
    assert isinstance(error, ModelError)
    assert str(error).startswith("A model must have channels for clicks to refine by them")
