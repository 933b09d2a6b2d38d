"""Method of HN-UISeg: the channels of a PET/CT, the clicks that travel with them, and the whole way to both maps."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hn_uiseg import method
from containers.hn_uiseg.method import Settings, finish, inspect, prepare
from containers.hn_uiseg.spec import CLICKS, SPEC
from hnseg.entrypoint import main
from hnseg.imaging.geometry import Grid, array_of
from hnseg.imaging.pet_ct.channels import pet_ct_channels
from tests.support.small_challenges import HN_UISEG
from tests.support.small_hecktor import CT_GRID, small_ct, small_pet
from tests.support.small_hn_uiseg import (
    CLICKS_FILE,
    ENTROPY_FILE,
    OUTPUT_FILE,
    POINTS,
    case_of,
    clicks_of,
    write_small_case,
)

SETTINGS = Settings()


def test_channels_are_those_of_the_pet_ct():
    channels = prepare(case_of(pet=small_pet()), SETTINGS)
    expected = pet_ct_channels(small_ct(), small_pet(), SETTINGS)
    np.testing.assert_array_equal(channels.array, expected.array)
    assert channels.grid == expected.grid
    assert channels.clicks == ()
    assert channels.record["clicks"] == {"used": [], "left_out": []}


def test_without_a_pet_the_ct_alone_is_segmented_and_said():
    channels = prepare(case_of(**{"pet-image": "it was lost."}), SETTINGS)
    assert channels.notes == ("CT only: it was lost.",)
    assert not channels.uses("pet")


def test_clicks_are_points_of_the_ct_and_recorded():
    channels = prepare(case_of(pet=small_pet(), clicks=clicks_of(*POINTS)), SETTINGS)
    assert [click.in_words for click in channels.clicks] == [point["name"] for point in POINTS]
    points_mm = CT_GRID.points_mm(np.array([point["point"] for point in POINTS], float))
    np.testing.assert_allclose([click.point_mm for click in channels.clicks], points_mm)
    assert [used["name"] for used in channels.record["clicks"]["used"]] == [point["name"] for point in POINTS]


def test_a_click_that_can_not_be_used_is_a_note_and_the_others_stay():
    outside = {"name": "GTVp", "point": [900, 1, 1]}
    channels = prepare(case_of(pet=small_pet(), clicks=clicks_of(outside, POINTS[2])), SETTINGS)
    (note,) = channels.notes
    assert note.startswith("Left out: Click 1 must lie in the image of 50 x 48 x 55 voxels, but lies at voxel (900.0,")
    assert [click.structure for click in channels.clicks] == ["GTVn"]


def test_a_file_of_clicks_that_can_not_be_read_is_a_note():
    channels = prepare(case_of(pet=small_pet(), **{CLICKS: "The clicks must be JSON."}), SETTINGS)
    assert channels.notes == ("Left out: The clicks must be JSON.",)
    assert channels.clicks == ()


def test_a_label_map_is_put_back_into_the_ct_and_inspected():
    case, crop = case_of(pet=small_pet()), Settings(crop="head_neck")
    grid = prepare(case, crop).grid
    predicted = sitk.Image(*grid.size_xyz, sitk.sitkUInt8)
    predicted.SetSpacing(grid.spacing_mm)
    predicted.SetOrigin(grid.origin_mm)
    predicted.SetDirection(grid.direction)
    predicted[5, 5, 5] = 1
    whole = finish(predicted, case, crop)
    assert Grid.of(whole) == CT_GRID
    assert array_of(whole).sum() == 1
    assert "outside_body" in inspect(predicted, case, crop).record


@pytest.fixture
def clicked_model(quick_model):
    return quick_model(HN_UISEG)


def run(input_dir, output_dir, model):
    folders = ["--input", str(input_dir), "--output", str(output_dir), "--model", str(model)]
    return main(SPEC, method, [*folders, "--device", "cpu", "--limit-s", "1e9"])


def test_clicks_change_the_segmentation_and_both_maps_are_written(clicked_model, tmp_path, capsys):
    maps = {}
    for name in ("with", "without"):
        write_small_case(tmp_path / name)
        if name == "without":
            (tmp_path / name / CLICKS_FILE).unlink()
        assert run(tmp_path / name, tmp_path / f"{name}-out", clicked_model) == 0
        maps[name] = [sitk.ReadImage(str(tmp_path / f"{name}-out" / file)) for file in (OUTPUT_FILE, ENTROPY_FILE)]
        log = capsys.readouterr()
        assert ("was taken for" in log.out + log.err) == (name == "with")
    label_map, entropy = maps["with"]
    assert Grid.of(label_map) == Grid.of(entropy) == CT_GRID
    assert entropy.GetPixelID() == sitk.sitkFloat32
    values = array_of(entropy)
    assert 0 <= values.min() <= values.max() <= np.log(3) + 1e-6
    assert (values != array_of(maps["without"][1])).any()


def test_a_broken_file_of_clicks_does_not_fail_the_case(clicked_model, tmp_path, capsys):
    write_small_case(tmp_path / "in")
    (tmp_path / "in" / CLICKS_FILE).write_text(json.dumps({"points": [{"name": "GTVp", "point": [1, 2]}]}))
    assert run(tmp_path / "in", tmp_path / "out", clicked_model) == 0
    log = capsys.readouterr()
    assert "Left out: Click 1 must have a point of three finite numbers, but has [1, 2]" in log.out + log.err
