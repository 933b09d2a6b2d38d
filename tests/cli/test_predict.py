"""`hnseg predict`: files in, a label map out."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import typer
from scipy.special import softmax
from typer.testing import CliRunner

from hnseg.cli import predict
from hnseg.errors import HnsegError, InputError, ModelError, OutputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.further.members import NO_DROPOUT
from tests.support.nnunet_oracle import Oracle, float32_accumulators
from tests.support.tolerances import assert_same_labels, ties

HNSEG = Path(sys.executable).with_name("hnseg")
OBLIQUE = sitk.VersorTransform((0.3, -0.1, 1.0), 0.3).GetMatrix()
GRID = Grid((34, 30, 9), (1.0, 1.13, 1.9), (4.1, 5.3, -6.7), OBLIQUE)


@pytest.fixture
def images(tmp_path):
    """Write two channels, the second one constant as the map of an empty prior is."""
    paths = [tmp_path / "t2w.mha", tmp_path / "map.mha"]
    noise = np.random.default_rng(1).normal(300, 40, GRID.shape_zyx).astype(np.int16)
    for path, array in zip(paths, (noise, np.zeros_like(noise)), strict=True):
        sitk.WriteImage(image_of(array, GRID), str(path))
    return paths


@pytest.fixture
def model(make_model):
    return make_model(folds=(0, 1))


@pytest.fixture
def output(tmp_path):
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "label map.mha"


@pytest.fixture
def run(output):
    """Run the verb in this process."""
    app = typer.Typer()
    app.command()(predict.command)

    def run_verb(*words, output=output):
        return CliRunner().invoke(app, [*map(str, words), "--output", str(output), "--device", "cpu"])

    return run_verb


def refused(done, kind) -> str:
    """Return the sentence of a refusal."""
    assert isinstance(done.exception, HnsegError)
    assert isinstance(done.exception, kind)
    return str(done.exception)


@pytest.mark.numeric
def test_the_label_map_is_nnunets_with_the_geometry_of_the_first_image(run, model, images, output):
    done = run(model, *images, "--no-mirroring")
    assert done.exit_code == 0, done.output
    label_map = sitk.ReadImage(str(output))
    assert Grid.of(label_map) == Grid.of(sitk.ReadImage(str(images[0])))
    array = np.stack([array_of(sitk.ReadImage(str(path))) for path in images])
    with float32_accumulators():
        expected, logits = Oracle.of(model, (0, 1), mirroring=False).predict(array, GRID.spacing_zyx_mm)
    assert_same_labels(array_of(label_map), expected, ties(logits))
    assert b"CompressedData = True" in output.read_bytes()[:500]
    assert [path.name for path in output.parent.iterdir()] == [output.name]


def test_folds_and_step_are_obeyed_and_reported(run, model, images, tmp_path):
    report = tmp_path / "report.json"
    done = run(model, *images, "--folds", "1", "--step", "1", "--no-mirroring", "--json", report)
    assert done.exit_code == 0, done.output
    told = json.loads(report.read_text())
    assert told["effort_spent"] == {"step": 1.0, "tiles": 8, "passes": 8, "folds": 1.0, "mirrors": 1.0}
    assert set(told["model_sha256"]) == {"plans.json", "dataset.json", "fold_1/checkpoint_final.pth"}
    assert set(told["inputs_sha256"]) == {"T2w", "noNorm"}
    assert told["notes"] == []
    assert set(told["stages_s"]) == {"load", "read", "predict", "write"}


@pytest.mark.numeric
def test_probabilities_are_written_beside_the_label_map(run, model, images, output, tmp_path):
    path = tmp_path / "probabilities.npy"
    done = run(model, *images, "--no-mirroring", "--probabilities", path)
    assert done.exit_code == 0, done.output
    probabilities = np.load(path).astype(np.float32)
    array = np.stack([array_of(sitk.ReadImage(str(image))) for image in images])
    with float32_accumulators():
        _, logits = Oracle.of(model, (0, 1), mirroring=False).predict(array, GRID.spacing_zyx_mm)
    assert np.allclose(probabilities, softmax(logits, axis=0), atol=2e-3)
    labels = array_of(sitk.ReadImage(str(output)))
    assert probabilities.shape == (3, *GRID.shape_zyx)
    assert np.allclose(probabilities.sum(axis=0), 1, atol=2e-3)
    ascending = np.sort(probabilities, axis=0)
    sure = ascending[-1] - ascending[-2] > 2e-3
    assert np.array_equal(probabilities.argmax(axis=0)[sure], labels[sure])
    assert not list(tmp_path.glob(".unfinished*"))


@pytest.mark.numeric
def test_the_uncertainty_is_written_to_a_folder(run, model, images, output, tmp_path):
    folder, report = tmp_path / "uncertainty", tmp_path / "report.json"
    done = run(model, *images, "--step", "1", "--no-mirroring", "--uncertainty", folder, "--json", report)
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in folder.iterdir()) == [
        "entropy.nii.gz",
        "mutual_information.nii.gz",
        "structures.json",
        "uncertainty.png",
    ]
    assert (folder / "uncertainty.png").read_bytes().startswith(b"\x89PNG")
    table = json.loads((folder / "structures.json").read_text())
    assert table["members"] == 2
    assert json.loads(report.read_text())["uncertainty"] == table
    labels, voxel_ml = array_of(sitk.ReadImage(str(output))), GRID.voxel_volume_mm3 / 1000
    assert table["structures"]["GTVp"]["volume_ml"] == pytest.approx((labels == 1).sum() * voxel_ml, abs=1e-4)
    entropy, information = (
        sitk.ReadImage(str(folder / f"{name}.nii.gz")) for name in ("entropy", "mutual_information")
    )
    assert Grid.of(entropy).is_close_to(GRID)
    assert 0 < array_of(information).max() <= array_of(entropy).max() <= np.log(3) + 1e-5


@pytest.mark.numeric
def test_probabilities_are_images_of_float32_whose_argmax_is_the_label_map(run, model, images, output, tmp_path):
    folder = tmp_path / "probabilities"
    done = run(model, *images, "--no-mirroring", "--step", "1", "--probabilities", folder)
    assert done.exit_code == 0, done.output
    names = [f"probability_{name}.nii.gz" for name in ("background", "GTVp", "GTVn")]
    assert {path.name for path in folder.iterdir()} == set(names)
    found = [sitk.ReadImage(str(folder / name)) for name in names]
    assert all(each.GetPixelID() == sitk.sitkFloat32 and Grid.of(each).is_close_to(GRID) for each in found)
    probabilities = np.stack([array_of(each) for each in found])
    np.testing.assert_allclose(probabilities.sum(axis=0), 1, atol=1e-5)
    assert np.array_equal(probabilities.argmax(axis=0), array_of(sitk.ReadImage(str(output))))


def test_members_beyond_the_folds_are_predicted_and_counted(run, model, images, tmp_path):
    folder, words = tmp_path / "uncertainty", ("--step", "1", "--no-mirroring", "--dropout", "1", "--tta", "2")
    done = run(model, *images, *words, "--uncertainty", folder, "--json", tmp_path / "report.json")
    assert done.exit_code == 0, done.output
    table = json.loads((folder / "structures.json").read_text())
    assert (table["members"], table["dropout"], table["tta"]) == (4, 0, 2)
    assert json.loads((tmp_path / "report.json").read_text())["notes"] == [NO_DROPOUT]
    told = refused(run(model, *images, *words), InputError)
    assert told.startswith("--dropout must be used with an uncertainty")


def test_probabilities_without_a_place_are_told_before_the_networks_run(run, model, images, tmp_path):
    done = run(model, *images, "--probabilities", tmp_path / "none" / "probabilities.npy")
    told = refused(done, OutputError)
    assert told.startswith(f"Probabilities must be written to {tmp_path / 'none'}, but that failed: No such file")


def test_the_plan_and_its_changes_are_reported(run, model, images, tmp_path):
    report = tmp_path / "report.json"
    assert run(model, *images, "--step", "1", "--json", report).exit_code == 0
    (plan,) = json.loads(report.read_text())["plans"]
    assert (plan["tiles"], plan["step"], plan["folds"], plan["mirrors"]) == (8, 1.0, 2, 8)


def test_the_checkpoint_is_obeyed_and_reported(run, images, make_model, tmp_path):
    model = shutil.copytree(make_model(folds=(0, 1)), tmp_path / "results")
    final, report = model / "fold_0" / "checkpoint_final.pth", tmp_path / "report.json"
    shutil.copyfile(model / "fold_1" / "checkpoint_final.pth", final.with_name("checkpoint_latest.pth"))
    words = ("--step", "1", "--no-mirroring", "--json", report)
    assert run(model, *images, *words, "--checkpoint", "latest").exit_code == 0
    told = json.loads(report.read_text())
    assert {name for name in told["model_sha256"] if "fold" in name} == {"fold_0/checkpoint_latest.pth"}
    assert refused(run(model, *images, *words, "--checkpoint", "best"), ModelError).startswith(
        "A model folder must hold at least one trained fold as fold_<k>/checkpoint_best.pth"
    )


def test_precision_and_backend_are_obeyed_and_reported(run, model, images, tmp_path, monkeypatch):
    report = tmp_path / "report.json"
    monkeypatch.setenv("HNSEG_BACKEND", "torch")
    done = run(model, *images, "--precision", "fast", "--step", "1", "--no-mirroring", "--json", report)
    assert done.exit_code == 0, done.output
    told = json.loads(report.read_text())
    assert (told["device"], told["backend"], told["precision"]) == ("cpu", "torch", "fast")
    assert told["arithmetic"] in {"bfloat16", "float32"}
    assert run(model, *images, "--precision", "half").exit_code == 2


def test_the_command_itself_obeys_a_limit_of_memory(model, images, output):
    words = [HNSEG, "predict", model, *images, "--output", output, "--device", "cpu", "--ram-gib", "0.1"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.match(
        r"The case must fit into memory, but there was not enough.*; this machine gives 0\.1 GiB", done.stderr
    )
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("gib", ["0", "1e30"])
def test_any_limit_of_memory_ends_with_a_label_map_or_a_sentence(model, images, output, gib):
    hard = ["prlimit", f"--data={16 << 30}", "--"]  # more than that can't be set
    words = [*hard, HNSEG, "predict", model, *images, "--output", output, "--device", "cpu", "--ram-gib", gib]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == int(gib != "1e30")
    assert re.fullmatch(r"The .* must fit into memory, .*\n" if gib == "0" else "", done.stderr), done.stderr


def test_the_command_itself_obeys_a_limit_of_time(model, images, output):
    words = [HNSEG, "predict", model, *images, "--output", output, "--device", "cpu", "--limit-s", "0.5"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The case must end within 0.5 s, but they were over after loading and preparing.")
    assert list(output.parent.iterdir()) == []


def test_a_gpu_that_can_not_be_used_is_told_on_stderr_and_in_the_report(model, images, output, tmp_path):
    report = tmp_path / "report.json"
    words = ["hnseg", "predict", model, *images, "--output", output, "--json", report, "--backend", "torch"]
    program = (
        "import sys; from hnseg import cli; from hnseg.inference import loading;"
        "loading.unusable_reason = lambda: 'No driver.';"
        f"sys.argv = {[str(word) for word in words]}; sys.exit(cli.main())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "THE GPU IS NOT USED: No driver.\n")
    assert json.loads(report.read_text())["notes"].count("THE GPU IS NOT USED: No driver.") == 1


def test_one_image_a_channel_must_be_given(run, model, images):
    sentence = refused(run(model, images[0]), InputError)
    assert sentence == (
        "There must be one image for each of the model's 2 channels (T2w, noNorm, in this order), but 1 were given."
    )


def test_channels_must_share_a_grid(run, model, images):
    shifted = sitk.ReadImage(str(images[1]))
    shifted.SetSpacing((1.0, 1.0, 1.9))
    sitk.WriteImage(shifted, str(images[1]))
    sentence = refused(run(model, *images), InputError)
    assert "map.mha has spacing (1.0, 1.0, 1.9) instead of (1.0, 1.13, 1.9)" in sentence


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_text("none"), "The image of channel T2w must be a readable image, but"),
        (lambda path: path.unlink(), "The image of channel T2w must be a file, but there is none at"),
        (lambda path: sitk.WriteImage(sitk.Image([4, 4], sitk.sitkUInt8), str(path)), "is 2-D with size (4, 4)."),
        (
            lambda path: sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkVectorUInt8, 3), str(path)),
            "has a vector of 8-bit unsigned integer.",
        ),
        (
            lambda path: sitk.WriteImage(sitk.Image([4, 4, 4], sitk.sitkFloat32) / 0, str(path)),
            "must hold finite numbers only",
        ),
    ],
)
def test_an_image_that_can_not_be_used_is_named(run, model, images, output, spoil, words):
    spoil(images[0])
    sentence = refused(run(model, *images), InputError)
    assert "t2w.mha" in sentence
    assert words in sentence
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("out/map.mhd", "must be one file of type .mha, .nii.gz, .nii, .nrrd, but"),
        ("nowhere/map.mha", "A label map must be written to"),
    ],
)
def test_an_output_that_can_not_be_written_is_told_before_any_work(run, tmp_path, images, name, words):
    # The model does not exist, which would be told first if it were opened first.
    assert words in refused(run(tmp_path / "no model", *images, output=tmp_path / name), OutputError)


@pytest.mark.parametrize("option", ["--output", "--json"])
@pytest.mark.parametrize("name", ["t2w.mha", "map.mha", "out/../map.mha", "link.mha", "hard.mha"])
def test_an_input_is_never_replaced(run, tmp_path, images, output, option, name):
    (tmp_path / "link.mha").symlink_to("t2w.mha")
    (tmp_path / "hard.mha").hardlink_to(images[1])
    before = [path.read_bytes() for path in images]
    words = [option, tmp_path / name] if option == "--json" else []
    # The model does not exist, which would be told first if it were opened first.
    done = run(tmp_path / "none", *images, *words, output=output if words else tmp_path / name)
    assert f"{option} must not replace an input, but {tmp_path / name} is" in refused(done, OutputError)
    assert [path.read_bytes() for path in images] == before


def test_a_file_of_the_model_is_not_replaced(run, model, images):
    before = (model / "plans.json").read_bytes()
    done = run(model, *images, "--json", model / "plans.json")
    assert "plans.json is a file of" in refused(done, OutputError)
    assert (model / "plans.json").read_bytes() == before


def test_a_former_label_map_and_report_survive_a_failure(run, model, images, output, tmp_path):
    report = tmp_path / "report.json"
    for path in (output, report):
        path.write_text("former")
    images[1].write_text("none")
    refused(run(model, *images, "--json", report), InputError)
    assert [path.read_text() for path in (output, report)] == ["former", "former"]
    assert not list(tmp_path.rglob(".unfinished*"))


def test_a_suffix_in_capitals_is_written_as_its_format(run, model, images, output):
    output = output.with_name("MAP.NII.GZ")
    assert run(model, *images, "--step", "1", "--no-mirroring", output=output).exit_code == 0
    assert [path.name for path in output.parent.iterdir()] == ["MAP.NII.GZ"]
    assert output.read_bytes()[:2] == b"\x1f\x8b"


def test_a_model_that_is_none_is_told(run, tmp_path, images, output):
    assert "A model must be a folder" in refused(run(tmp_path / "none", *images), ModelError)
    assert list(output.parent.iterdir()) == []


@pytest.mark.parametrize("folds", ["1;2", "one", ""])
def test_wrong_usage_is_status_2(run, model, images, folds):
    assert run(model, *images, "--folds", folds).exit_code == 2


@pytest.mark.numeric
def test_several_models_give_the_label_map_of_their_mean(run, model, make_model, images, output, tmp_path):
    flat = make_model(configuration="2d")
    words = ["--model", model, "--model", flat, "--no-mirroring", "--folds", "0"]
    done = run(*words, *images, "--probabilities", tmp_path / "maps", "--json", tmp_path / "report.json")
    assert done.exit_code == 0, done.output
    means = []
    for folder in (model, flat):
        for name in ("background", "GTVp", "GTVn"):
            (tmp_path / folder.name / name).parent.mkdir(exist_ok=True)
        alone = tmp_path / folder.name / "alone.nrrd"
        words = [folder, *images, "--no-mirroring", "--folds", "0", "--probabilities", tmp_path / folder.name]
        assert run(*words, output=alone).exit_code == 0
        means.append(read_probabilities(tmp_path / folder.name))
    mean = (means[0] + means[1]) / 2
    np.testing.assert_allclose(read_probabilities(tmp_path / "maps"), mean, rtol=0, atol=1e-5)
    found = array_of(sitk.ReadImage(str(output)))
    assert np.mean(found == mean.argmax(axis=0)) >= 0.9999
    report = json.loads((tmp_path / "report.json").read_text())
    assert [each["name"] for each in report["models"]] == [model.name, flat.name]
    assert f"{flat.name}/fold_0/checkpoint_final.pth" in report["model_sha256"]
    assert report["notes"][0] == f"Probabilities are the mean of 2 models: {model.name}, {flat.name}."


def read_probabilities(folder):
    """Return the probabilities (k, z, y, x) that were written as images."""
    names = ("background", "GTVp", "GTVn")
    return np.stack([array_of(sitk.ReadImage(str(folder / f"probability_{name}.nii.gz"))) for name in names])


def test_an_uncertainty_of_several_models_is_refused(run, model, images, output, tmp_path):
    done = run("--model", model, "--model", model, *images, "--uncertainty", tmp_path / "maps")
    assert "give one of the models" in refused(done, InputError)
    assert not output.exists()


def test_a_model_without_an_image_is_wrong_usage(run, model):
    assert run(model).exit_code == 2
