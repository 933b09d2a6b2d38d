import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk

from containers.recurrence import method
from containers.recurrence.method import SETTINGS, Settings, decide, finish, needs_network, prepare
from containers.recurrence.spec import PROBABILITY, SPEC
from hnseg import entrypoint
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.platform.challenge import Challenge
from tests.support.small_challenges import RECURRENCE
from tests.support.small_hecktor import CT_GRID
from tests.support.small_recurrence import (
    GTV_FILE,
    OUTPUT_FILE,
    PROBABILITY_FILE,
    case_of,
    small_gtv,
    voxels_of,
    write_small_case,
)

NO_LIMIT = ("--limit-s", "1e9")  # the limit counts from the start of this process, which runs other tests too


def run(tmp_path, model, *, spoil=lambda _input: None):
    """Run the small case as the container would; return the status and the two images, None where one is missing."""
    spoil(write_small_case(tmp_path / "input"))
    folders = ("--input", tmp_path / "input", "--output", tmp_path / "output", "--model", model)
    status = entrypoint.run(Challenge(SPEC, method), [*map(str, folders), "--device", "cpu", *NO_LIMIT])
    files = [tmp_path / "output" / file for file in (OUTPUT_FILE, PROBABILITY_FILE)]
    return status, *(sitk.ReadImage(str(file)) if file.is_file() else None for file in files)


def rule_model(tmp_path, **settings):
    """Return a model folder that holds the settings of a rule and nothing else."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "method.json").write_text(json.dumps(settings))
    return tmp_path / "model"


def set_threshold(model, threshold):
    """Change the threshold of an exported bundle, as an export with it would have it."""
    method_file, manifest_file = model / "method.json", model / "manifest.json"
    method_file.write_text(json.dumps({**json.loads(method_file.read_text()), "threshold": threshold}))
    manifest = json.loads(manifest_file.read_text())
    manifest["sha256"]["method.json"] = sha256_of(method_file)
    manifest_file.write_text(json.dumps(manifest))


def test_presets_are_the_three_rules():
    assert {name: (each.rule, needs_network(each)) for name, each in SETTINGS.items()} == {
        "default": ("network", True),
        "suvmax": ("suvmax", False),
        "gtv": ("gtv", False),
    }


def test_a_label_map_that_reaches_beyond_the_ct_is_put_back_into_it():
    case, large = case_of(), Settings(crop_size_xyz=(80, 80, 80), crop_spacing_mm=(6.0, 6.0, 6.0))
    channels = prepare(case, large)
    ones = image_of(np.ones(channels.grid.shape_zyx, np.uint8), channels.grid)
    assert all(np.array(channels.grid.size_xyz) > CT_GRID.size_xyz)
    assert (voxels_of(finish(ones, case, large)) == 1).all()


def test_a_rule_decides_with_probabilities_of_0_and_1():
    decision = decide(case_of(), Settings(rule="gtv"))
    np.testing.assert_array_equal(voxels_of(decision.label_map), array_of(small_gtv()))
    probability = decision.maps[PROBABILITY]
    assert probability.GetPixelID() == sitk.sitkFloat32
    np.testing.assert_array_equal(voxels_of(probability), array_of(small_gtv()))


@pytest.mark.parametrize("rule", ["suvmax", "gtv"])
def test_a_rule_runs_from_its_settings_alone(tmp_path, rule, capfd):
    status, label_map, probability = run(tmp_path, rule_model(tmp_path, rule=rule))
    assert status == 0
    assert Grid.of(label_map) == Grid.of(probability) == CT_GRID
    assert 0 < array_of(label_map).sum() == array_of(probability).sum()
    record = json.loads(next(line for line in capfd.readouterr().out.splitlines() if line.startswith('{"versions"')))
    assert record["settings"]["rule"] == rule
    assert list(record["model_sha256"]) == ["method.json"]
    assert "device" not in record


def test_a_network_gives_its_probability_beside_the_label_map(tmp_path, quick_model):
    status, label_map, probability = run(tmp_path, quick_model(RECURRENCE))
    assert status == 0
    assert Grid.of(label_map) == Grid.of(probability) == CT_GRID
    values = array_of(probability)
    assert values.dtype == np.float32
    assert len(np.unique(values)) > 1000
    differ = (values > 0.5) != array_of(label_map)
    assert np.abs(values[differ] - 0.5).max(initial=0) < 1e-4  # only where both are equally likely, by rounding


def test_a_network_predicts_where_its_probability_is_over_the_threshold(tmp_path, quick_model, capfd):
    model = shutil.copytree(quick_model(RECURRENCE), tmp_path / "model")
    _, at_one_half, probability = run(tmp_path, model)
    values = array_of(probability)
    threshold = float(np.quantile(values[values > 0], 0.9))
    assert 0 < (values > threshold).sum() != array_of(at_one_half).sum()
    capfd.readouterr()
    set_threshold(model, threshold)
    status, label_map, same = run(tmp_path, model)
    assert status == 0
    np.testing.assert_array_equal(array_of(label_map), values > np.float32(threshold))
    np.testing.assert_array_equal(array_of(same), values)
    record = json.loads(next(line for line in capfd.readouterr().out.splitlines() if line.startswith('{"versions"')))
    assert record["settings"]["threshold"] == threshold
    set_threshold(model, 0.5)
    _, again, _ = run(tmp_path, model)
    np.testing.assert_array_equal(array_of(again), array_of(at_one_half))


def test_a_gtv_on_another_grid_is_refused_in_a_sentence(tmp_path, capfd):
    def spoil(input_dir):
        shifted = small_gtv()
        shifted.SetOrigin((0.0, 0.0, 0.0))
        sitk.WriteImage(shifted, str(input_dir / GTV_FILE))

    status, label_map, probability = run(tmp_path, rule_model(tmp_path, rule="gtv"), spoil=spoil)
    assert (status, label_map, probability) == (1, None, None)
    sentence = "The label map of the GTV must lie on the grid of the CT, but"
    assert sentence in capfd.readouterr().err


def test_settings_that_the_method_does_not_have_are_refused(tmp_path, capfd):
    status, *_ = run(tmp_path, rule_model(tmp_path, rule="suvmax", percent=38))
    assert status == 1
    assert "method.json must hold the settings of this challenge's method, but percent" in capfd.readouterr().err


def test_a_folder_without_networks_or_a_rule_is_refused(tmp_path, capfd):
    status, *_ = run(tmp_path, rule_model(tmp_path, rule="network"))
    assert status == 1
    assert "A model folder must hold plans.json" in capfd.readouterr().err
