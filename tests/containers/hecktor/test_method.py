import re
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from containers.hecktor.method import SETTINGS, Settings, answer, channels_of, finish, inspect, prepare
from containers.hecktor.spec import PET
from hnseg.errors import InputError, ModelError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.inference.preprocessing.normalisation import normalise
from tests.support.figure import FLIPPED, LPS, SWAPPED, TILTED, Figure, grid_between
from tests.support.small_hecktor import CT_GRID, OUTCOMES, PET_GRID, case_of, small_ct, small_pet

BOTH, WINNER = SETTINGS["default"], SETTINGS["winner"]
ANSWERING = Settings(outcomes=OUTCOMES)


def trilinear(image, points_mm):
    """Interpolate by hand: the eight voxels around each point, weighted; 0 outside the voxels' own boxes."""
    grid, voxels = Grid.of(image), array_of(image).astype(np.float64)
    index = grid.index_xyz(points_mm)
    size = np.array(grid.size_xyz)
    inside = ((index >= -0.5) & (index <= size - 0.5)).all(axis=1)
    index = np.clip(index, 0, size - 1)
    low = np.minimum(np.floor(index).astype(int), size - 2)
    part = index - low
    total = np.zeros(len(points_mm))
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, part, 1 - part).prod(axis=1)
        x, y, z = (low + corner).T
        total += weight * voxels[z, y, x]
    return np.where(inside, total, 0.0)


def test_channels_are_the_ct_clipped_and_the_pet_on_its_voxels():
    ct, pet = small_ct(), small_pet()
    ct[3, 4, 5], ct[4, 4, 5] = 9000, -16989  # a tooth's filling, and a value of a faulty scanner
    channels = channels_of(ct, pet, BOTH)
    assert channels.array.dtype == np.float32
    assert channels.array.shape == (2, *CT_GRID.shape_zyx)
    assert channels.grid == CT_GRID
    np.testing.assert_array_equal(channels.array[0], np.clip(array_of(ct), -1024, 3071))
    assert 1.1 < channels.array[1].max() < 1.4  # the tumour's 12 SUV are 1.2
    assert channels.notes == ()
    assert channels.record["modalities"] == {"pet": {"used": True, "reason": ""}}
    assert channels.record["pet_overlap"]["share_of_body"] > 0.999


@pytest.mark.parametrize("direction", [LPS, TILTED, FLIPPED, SWAPPED], ids=["straight", "tilted", "flipped", "swapped"])
def test_the_pet_is_resampled_through_its_direction_matrix(direction):
    extent = ((-90, -100, -200), (90, 100, 10))  # smaller than the CT's
    pet = Figure().pet(grid_between(*extent, (6, 7, 8), direction))
    channels = channels_of(small_ct(), pet, BOTH)
    index = np.indices(CT_GRID.shape_zyx)[::-1].reshape(3, -1).T.astype(float)
    by_hand = trilinear(pet, CT_GRID.points_mm(index)).reshape(CT_GRID.shape_zyx) / 10
    assert (by_hand == 0).mean() > 0.3
    np.testing.assert_allclose(channels.array[1], by_hand, atol=1e-4)


def test_the_pet_is_clipped_to_its_range_and_scaled():
    pet = small_pet()
    pet[20, 20, 40] = 400
    channels = channels_of(small_ct(), pet, Settings(pet_range_suv=(1, 20), suv_of_one=20))
    assert (channels.array[1].min(), channels.array[1].max()) == pytest.approx((0.05, 1.0))


def test_a_pet_of_whole_numbers_is_interpolated_between_them():
    pet = sitk.Cast(small_pet(), sitk.sitkInt16)
    tenths = channels_of(small_ct(), pet, BOTH).array[1] * 10
    assert np.count_nonzero(np.abs(tenths - np.rint(tenths)) > 0.1) > 1000


def test_the_presets_differ_in_the_crop_alone():
    assert Settings() == BOTH
    assert Settings(crop="head_neck") == WINNER


def test_the_crop_is_a_box_of_the_cts_own_voxels_and_is_recorded():
    ct, pet = small_ct(), small_pet()
    whole, cropped = channels_of(ct, pet, BOTH), channels_of(ct, pet, WINNER)
    crop = cropped.record["crop"]
    (x, y, z), (nx, ny, nz) = crop["index_xyz"], crop["size_xyz"]
    assert cropped.grid.size_xyz == (nx, ny, nz) == (40, 40, 49)  # 200 x 200 x 310 mm, less the part below the image
    assert cropped.grid.matches(Grid.of(ct[x : x + nx, y : y + ny, z : z + nz]))
    box = np.s_[z : z + nz, y : y + ny, x : x + nx]
    np.testing.assert_array_equal(cropped.array[0], whole.array[0][box])
    np.testing.assert_allclose(cropped.array[1], whole.array[1][box], atol=1e-5)
    (note,) = cropped.notes
    assert re.fullmatch(
        r"The head and neck are 40 x 40 x 49 of 50 x 48 x 55 voxels, found by the uptake of 1\d\d\d ml in the head\.",
        note,
    )
    assert crop["why"] in note


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


@pytest.mark.parametrize(("lowest_mm", "is_used"), [(-60, True), (-14, False), (300, False)])
def test_a_pet_must_overlap_the_body(lowest_mm, is_used):
    # The ellipsoid's cap above -60 mm has 15 % of head, neck and shoulders; above -14 there is 1 %.
    pet = Figure().pet(grid_between((-150, -150, lowest_mm), (150, 150, lowest_mm + 200), (6, 6, 6)))
    pet[0, 0, 0] = 5
    channels = channels_of(small_ct(), pet, BOTH)
    assert channels.array[1].any() == channels.uses("pet") == is_used
    if is_used:
        assert channels.notes == ()
        return
    share, litres = re.fullmatch(
        r"CT only: the PET covers (\d\.\d)% of the body on the CT, (\d\.\d\d) l, and at least 10% or 1 l are needed\."
        r" Do both belong to the same patient and scan\?",
        channels.notes[0],
    ).groups()
    assert (float(share) > 0) == (float(litres) > 0) == (lowest_mm < 0)
    assert channels.record["pet_overlap"]["share_of_body"] == pytest.approx(float(share) / 100, abs=5e-4)


def test_a_pet_of_the_head_alone_is_used_on_a_whole_body():
    ct = Figure().ct(grid_between((-260, -180, -1500), (260, 220, 40), (8, 8, 10)))
    pet = Figure().pet(grid_between((-110, -110, -200), (110, 110, 20), (5, 5, 5)))
    channels = channels_of(ct, pet, BOTH)
    assert channels.record["pet_overlap"]["share_of_body"] < 0.1  # but it is several litres
    assert channels.array[1].any()


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


def test_the_sentence_does_without_a_file_where_none_is_named():
    (note,) = channels_of(small_ct(), small_pet() * 3400, BOTH).notes
    assert note.startswith("CT only: The PET must be in SUV, muscle at 0.2 to 2 and a brain at 2 to 15, but it has a")


@pytest.mark.parametrize("value", [2500.0, -1e6, 3e38])
def test_one_voxel_of_an_artefact_changes_nothing_but_is_said(value):
    good, bad = small_pet(), small_pet()
    bad[23, 20, 30] = value
    expected, channels = channels_of(small_ct(), good, BOTH), channels_of(small_ct(), bad, BOTH)
    np.testing.assert_allclose(channels.array[1], expected.array[1], atol=0.05)  # the neighbours' median stands in
    assert channels.notes == (
        "1 voxel of the PET, below -20 or above 2000 SUV, can't be uptake and has the median of the neighbours.",
    )
    assert channels.record["pet_values"]["mended_voxels"] == 1
    assert channels.record["pet_values"]["background_suv"] == pytest.approx(
        expected.record["pet_values"]["background_suv"], rel=1e-3
    )


@pytest.mark.parametrize("value", [0.0, -1.0, -1000.0, -1e6, 30000.0])
def test_padding_of_any_value_changes_nothing(value):
    padded = sitk.ConstantPad(small_pet(), [40] * 3, [40] * 3, value)  # 98 % of the voxels
    expected, channels = channels_of(small_ct(), small_pet(), BOTH), channels_of(small_ct(), padded, BOTH)
    differences = np.abs(channels.array - expected.array)
    assert (differences > 1e-3).mean() < 0.002  # voxels between the PET's last and the padding's first
    assert differences.max() < 0.1
    assert channels.notes == expected.notes == ()


def test_a_pet_that_is_padding_where_the_body_is_does_not_cover_it():
    pet = small_pet()
    pet[:, :, 2:] = 0.0
    (note,) = channels_of(small_ct(), pet, BOTH).notes
    assert re.match(r"CT only: the PET covers \d\.\d% of the body on the CT", note)


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


def test_without_the_pet_channel_the_pet_does_not_matter():
    alone = Settings(pet_channel=False, crop="head_neck")
    made = [channels_of(small_ct(), pet, alone) for pet in (None, small_pet(), small_pet() * 3400)]
    for channels in made:
        assert channels.array.shape[0] == 1
        np.testing.assert_array_equal(channels.array, made[0].array)
        assert channels.notes == made[0].notes
        assert channels.notes[0].startswith("The head and neck are")
        assert "modalities" not in channels.record


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
