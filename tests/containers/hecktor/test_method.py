import re
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from containers.hecktor.method import SETTINGS, Settings, answer, finish, inspect, prepare
from containers.hecktor.spec import PET
from hnseg.errors import InputError, ModelError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.preprocessing.normalisation import normalise
from tests.support.figure import Figure, grid_between
from tests.support.small_hecktor import CT_GRID, OUTCOMES, PET_GRID, case_of, small_ct, small_pet

BOTH, WINNER = SETTINGS["default"], SETTINGS["winner"]
ANSWERING = Settings(outcomes=OUTCOMES)


def test_the_presets_differ_in_the_crop_alone():
    assert Settings() == BOTH
    assert Settings(crop="head_neck") == WINNER


def test_a_cropped_label_map_is_put_back_into_the_ct():
    case = case_of(pet=small_pet())
    channels = prepare(case, WINNER)
    predicted = np.random.default_rng(0).integers(0, 3, channels.grid.shape_zyx).astype(np.uint8)
    whole = finish(image_of(predicted, channels.grid), case, WINNER)
    assert Grid.of(whole) == CT_GRID
    x, y, z = channels.record["crop"]["index_xyz"]
    nz, ny, nx = predicted.shape
    box = np.s_[z : z + nz, y : y + ny, x : x + nx]
    np.testing.assert_array_equal(array_of(whole)[box], predicted)
    assert np.count_nonzero(array_of(whole)) == np.count_nonzero(predicted)


def test_a_whole_label_map_is_left_as_it_is():
    label_map = image_of(np.ones(CT_GRID.shape_zyx, np.uint8), CT_GRID)
    assert finish(label_map, case_of(), BOTH) is label_map


def map_with_a_tumour_in_the_air(channels):
    """Return a label map on the channels' grid: a primary in the head, and nodes half of which are in the air."""
    array = np.zeros(channels.grid.shape_zyx, np.uint8)
    array[30:34, 18:22, 18:22] = 1
    array[38:40, 18:22, 18:22] = array[38:40, :4, :4] = 2
    return image_of(array, channels.grid)


@pytest.mark.parametrize("settings", [BOTH, WINNER], ids=["whole", "box"])
def test_the_share_outside_the_body_is_noted_and_the_map_left_as_it_is(settings):
    case = case_of(pet=small_pet())
    predicted = map_with_a_tumour_in_the_air(prepare(case, settings))
    found = inspect(predicted, case, settings)
    assert found.notes == ("Outside the body on the CT lie 50% of GTVn. Is the scan of another kind than the model's?",)
    assert found.record == {"outside_body": {"GTVp": 0.0, "GTVn": 0.5}}
    assert np.count_nonzero(array_of(finish(predicted, case, settings))) == np.count_nonzero(array_of(predicted))


def test_a_setting_keeps_the_label_map_inside_the_body():
    case, settings = case_of(pet=small_pet()), Settings(crop="head_neck", keep_inside_body=True)
    predicted = map_with_a_tumour_in_the_air(prepare(case, settings))
    assert inspect(predicted, case, settings).notes == (
        "Outside the body on the CT lie 50% of GTVn; these voxels are set to background.",
    )
    kept = finish(predicted, case, settings)
    assert Grid.of(kept) == CT_GRID
    assert np.bincount(array_of(kept).ravel(), minlength=3)[1:].tolist() == [64, 32]


@pytest.mark.parametrize("settings", [BOTH, WINNER], ids=["whole", "box"])
@pytest.mark.parametrize("has_pet", [True, False], ids=["PET", "no PET"])
def test_legs_are_never_called_a_head_without_doubt(settings, has_pet):
    grid = grid_between((-180, -60, -1300), (180, 100, -850), (5.0, 5.0, 6.0))
    suv = array_of(Figure().pet(grid))
    suv[20:40, 10:25, 10:25] = 8  # a tumour of the thigh, as large as a brain's uptake
    channels = prepare(case_of(Figure().ct(grid), image_of(suv, grid) if has_pet else None), settings)
    assert channels.notes[-1].startswith("The scan may not show the head and neck, since the CT has neither a skull,")
    assert channels.record["body_part"] == {"is_head_or_neck": False, "skull_ml": 0.0, "airway_mm": 0.0}
    assert not any("in the head" in note for note in channels.notes)


def test_without_a_pet_its_channel_is_empty_and_stays_so_in_the_network():
    channels = prepare(case_of(), WINNER)
    assert not channels.array[1].any()
    normalise(channels.array[1], "NoNormalization", None, None)
    assert not channels.array[1].any()
    assert channels.notes[0] == "CT only: there is no PET."
    assert "found by the skull, with 1" in channels.notes[1]


def test_a_broken_pet_gives_an_empty_channel_and_the_reason():
    channels = prepare(case_of(left_out={PET: "The PET must show something."}), BOTH)
    assert not channels.array[1].any()
    assert channels.notes == ("CT only: The PET must show something.",)
    assert channels.record == {"modalities": {"pet": {"used": False, "reason": "The PET must show something."}}}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda pet: pet * 3400,
            r"pet\.mha has a background of 2\S+ and a maximum of 4\S+ Is it in Bq/ml, .* 2026 the org",
        ),
        (lambda pet: pet / 14, r"pet\.mha has no value above 0\.\d+\. Was it normalised .* Give the PET in SUV"),
        (lambda _: small_ct(seed=1), r"pet\.mha looks like a CT, since \d\d% of its values are those of air"),
    ],
    ids=["Bq/ml", "0 to 1", "CT"],
)
def test_a_pet_in_other_units_is_left_out_with_the_reason_and_never_rescaled(change, found):
    channels = prepare(case_of(pet=change(small_pet())), BOTH)
    assert not channels.array[1].any()
    assert re.match(rf"CT only: The PET must be in SUV, .*but {found}", channels.notes[0])
    assert channels.record["modalities"]["pet"] == {
        "used": False,
        "reason": channels.notes[0].removeprefix("CT only: "),
    }
    assert channels.record["pet_values"]["doubt"] is not None


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (small_pet, r"values from 0\.0\d+ to 1\d\.\d+\. Was the PET put into the CT's folder"),
        (lambda: small_ct() + 1024, r"values from -\d\d to \d+\. .* or the CT stored without its rescale intercept\?"),
    ],
    ids=["PET", "without intercept"],
)
def test_an_image_that_can_not_be_a_ct_is_refused(wrong, found):
    with pytest.raises(InputError, match=rf"The CT must be in Hounsfield units, .* but ct\.mha has {found}"):
        prepare(case_of(wrong()), BOTH)


def test_a_model_without_outcomes_can_not_answer():
    with pytest.raises(
        ModelError, match=r"must hold outcomes, .* Fit them with hnseg-train outcomes hecktor and export"
    ):
        answer(image_of(np.zeros(CT_GRID.shape_zyx, np.uint8), CT_GRID), case_of(), BOTH)


def test_a_model_without_outcomes_is_refused_before_anything_is_segmented():
    asking = replace(case_of(), asked=("t-stage",))
    with pytest.raises(ModelError, match="must hold outcomes"):
        prepare(asking, BOTH)
    assert len(prepare(asking, ANSWERING).array) == 2
    assert len(prepare(case_of(), BOTH).array) == 2


def test_the_pets_own_grid_is_not_the_cts():
    assert not Grid.of(small_pet()).matches(Grid.of(small_ct()))
    assert Grid.of(small_pet()) == PET_GRID


@pytest.mark.parametrize(
    "values",
    [
        {"crop": "neck"},
        {"pet_range_suv": [50, 0]},
        {"suv_of_one": 0},
        {"rfs_means": "days"},
        {"outcomes": {}},
        {"pet": 1},
    ],
    ids=str,
)
def test_settings_without_sense_are_refused(values):
    with pytest.raises(ValidationError):
        Settings.model_validate(values)


def test_settings_survive_json():
    settings = Settings(crop="head_neck", outcomes=OUTCOMES, rfs_means="risk")
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
