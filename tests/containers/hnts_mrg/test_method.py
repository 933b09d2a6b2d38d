from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from containers.hnts_mrg.method import Settings, channels_of, finish, prepare
from containers.hnts_mrg.spec import MID_T2W, PRE_MASK, PRE_T2W, REGISTERED_MASK, REGISTERED_T2W, SPEC
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of, image_of, resample_label_map
from hnseg.imaging.gradient_map import GradientMapSettings, gradient_map
from hnseg.inference.preprocessing.normalisation import normalise
from hnseg.phantom.challenges.hnts_mrg import VARIANTS, draw_patient
from hnseg.platform.case import Case
from hnseg.platform.reading import read_case

OBLIQUE = tuple(sitk.VersorTransform((0.2, -0.1, 1.0), 0.1).GetMatrix())
GRID = Grid((30, 28, 20), (0.5, 0.5, 2.0), (-7.0, 3.0, 1 / 3), OBLIQUE)


@pytest.fixture(scope="module")
def patient():
    return draw_patient(11, 0, variant=VARIANTS["oblique"])


@pytest.fixture
def t2w():
    return image_of(np.random.default_rng(0).integers(0, 900, GRID.shape_zyx).astype(np.int16), GRID)


@pytest.fixture
def prior():
    mask = np.zeros(GRID.shape_zyx, np.uint8)
    mask[6:10, 8:14, 8:14] = 1
    mask[11:15, 15:20, 17:23] = 2
    return image_of(mask, GRID)


def case_of(*, left_out=None, **images):
    slugs = {"mid": MID_T2W, "registered": REGISTERED_MASK, "pre": PRE_T2W, "pre_mask": PRE_MASK}
    by_slug = {slugs[name]: image for name, image in images.items()}
    return Case(images=by_slug, reference=by_slug[MID_T2W], files={}, left_out=left_out or {})


def test_channels_are_the_image_as_it_is_and_its_gradient_map(t2w, prior):
    channels = channels_of(t2w, prior, Settings())
    assert channels.array.dtype == np.float32
    assert channels.array.shape == (2, *GRID.shape_zyx)
    np.testing.assert_array_equal(channels.array[0], array_of(t2w))
    expected = gradient_map(array_of(t2w), array_of(prior), GradientMapSettings()).array
    np.testing.assert_array_equal(channels.array[1], expected)
    assert channels.grid == GRID
    assert channels.notes == ()


def test_targets_are_where_the_map_has_its_boxes(t2w, prior):
    channels = channels_of(t2w, prior, Settings())
    inside = np.zeros(channels.array.shape[1:], bool)
    for box in channels.targets:
        inside[box] = True
    assert inside.any()
    assert not channels.array[1][~inside].any()
    assert not channels_of(t2w, None, Settings()).targets


def test_channels_are_the_same_every_time_unless_margins_are_drawn(t2w, prior):
    fixed, again = (channels_of(t2w, prior, Settings()).array for _ in range(2))
    np.testing.assert_array_equal(fixed, again)
    drawn = channels_of(t2w, prior, Settings(), rng=np.random.default_rng(0)).array
    np.testing.assert_array_equal(drawn[0], fixed[0])
    assert (drawn[1] != fixed[1]).any()


def test_settings_of_the_map_reach_it(t2w, prior):
    settings = Settings.model_validate({"gradient_map": {"test_margin_voxels": 1, "smallest_component_voxels": 0}})
    expected = gradient_map(array_of(t2w), array_of(prior), settings.gradient_map).array
    np.testing.assert_array_equal(channels_of(t2w, prior, settings).array[1], expected)
    assert (expected != channels_of(t2w, prior, Settings()).array[1]).any()


def test_without_the_gradient_channel_there_is_the_image_alone(t2w, prior):
    for channels in (
        channels_of(t2w, prior, Settings(gradient_channel=False)),
        prepare(case_of(mid=t2w, registered=prior), Settings(gradient_channel=False)),
        prepare(case_of(mid=t2w), Settings(gradient_channel=False)),
    ):
        np.testing.assert_array_equal(channels.array, array_of(t2w)[np.newaxis])
        assert channels.notes == ()


def test_registered_mask_is_used_as_it_is(t2w, prior):
    prepared = prepare(case_of(mid=t2w, registered=prior), Settings())
    np.testing.assert_array_equal(prepared.array, channels_of(t2w, prior, Settings()).array)
    assert prepared.notes == ()


def test_empty_prior_gives_a_zero_map_and_says_so(t2w, prior):
    prepared = prepare(case_of(mid=t2w, registered=prior * 0), Settings())
    assert not prepared.array[1].any()
    assert prepared.notes == ("The prior mask is empty, so the gradient map is zero everywhere.",)


@pytest.mark.parametrize("others", [(), ("pre",), ("pre_mask",)], ids=str)
def test_no_prior_gives_a_zero_map_and_says_so(t2w, others):
    prepared = prepare(case_of(mid=t2w, **dict.fromkeys(others, t2w)), Settings())
    assert not prepared.array[1].any()
    assert prepared.notes == ("There is no prior mask, so the gradient map is zero everywhere.",)


@pytest.mark.parametrize("scheme", ["ZScoreNormalization", "NoNormalization"])
def test_zero_map_stays_zero_when_the_network_normalises(t2w, scheme):
    gradient = channels_of(t2w, None, Settings()).array[1]
    normalise(gradient, scheme, None, None)
    assert not gradient.any()


def test_missing_registered_mask_is_replaced_by_a_rigid_registration(patient):
    case = case_of(mid=patient.mid_t2w, pre=patient.pre_t2w, pre_mask=patient.pre_mask)
    prepared = prepare(case, Settings())
    (note,) = (note for note in prepared.notes if "missing" in note)
    assert note.startswith(
        "The registered pre-RT mask is missing; a rigid registration of the T2w pair carried the pre-RT mask over ("
    )
    assert prepared.record["registration"]["status"] == "registered"
    boxes = prepared.array[1] > 0
    assert boxes[array_of(patient.mid_mask) > 0].mean() > 0.9
    unregistered = array_of(resample_label_map(patient.pre_mask, Grid.of(patient.mid_t2w)))
    naive = gradient_map(array_of(patient.mid_t2w), unregistered, GradientMapSettings()).inside
    assert naive[array_of(patient.mid_mask) > 0].mean() < 0.7


def test_pair_that_cannot_be_registered_gives_a_zero_map_and_says_why(patient):
    noise = np.random.default_rng(0).integers(0, 900, Grid.of(patient.pre_t2w).shape_zyx).astype(np.int16)
    other = image_of(noise, Grid.of(patient.pre_t2w))
    prepared = prepare(case_of(mid=patient.mid_t2w, pre=other, pre_mask=patient.pre_mask), Settings())
    assert not prepared.array[1].any()
    assert prepared.notes[0].startswith(
        "The registered pre-RT mask is missing, and a rigid registration of the T2w pair can't carry the pre-RT mask"
        " over: the images agree too little"
    )
    assert prepared.record["registration"]["status"] == "rejected"
    assert prepared.notes[1] == "There is no prior mask, so the gradient map is zero everywhere."


def write(image, folder):
    folder.mkdir(parents=True)
    sitk.WriteImage(image, str(folder / "1f.mha"), True)


def test_a_mask_with_a_rounded_direction_lies_on_the_image(tmp_path, t2w, prior):
    turned = sitk.Image(prior)
    rounding = np.reshape(sitk.VersorTransform((0.0, 0.0, 1.0), 2.4e-5).GetMatrix(), (3, 3))
    turned.SetDirection((rounding @ np.reshape(OBLIQUE, (3, 3))).ravel().tolist())
    write(t2w, tmp_path / "images" / MID_T2W)
    write(turned, tmp_path / "images" / REGISTERED_MASK)
    case = read_case(SPEC, tmp_path)
    assert Grid.of(case.images[REGISTERED_MASK]) == Grid.of(case.images[MID_T2W])
    np.testing.assert_array_equal(array_of(case.images[REGISTERED_MASK]), array_of(prior))


def test_a_mask_on_another_grid_is_resampled_and_the_note_names_both_files(tmp_path, t2w, prior):
    shifted = sitk.Image(prior)
    shifted.SetOrigin((-7.0, 3.0, 4 / 3))
    write(t2w, tmp_path / "images" / MID_T2W)
    write(shifted, tmp_path / "images" / REGISTERED_MASK)
    case = read_case(SPEC, tmp_path)
    np.testing.assert_array_equal(
        array_of(case.images[REGISTERED_MASK]), array_of(resample_label_map(shifted, Grid.of(t2w)))
    )
    (note,) = case.notes
    for slug in (MID_T2W, REGISTERED_MASK):
        assert str(Path("images", slug, "1f.mha")) in note


def test_label_map_is_left_as_it_is_by_default(prior):
    assert finish(prior, case_of(mid=prior), Settings()) is prior
    assert finish(prior, case_of(mid=prior), Settings(minimum_volume_mm3={"GTVp": 0})) is prior


def test_small_pieces_are_dropped_by_structure(prior):
    settings = Settings(minimum_volume_mm3={"GTVn": 60.5})  # GTVn has 4 x 5 x 6 voxels of 0.5 mm3, GTVp 4 x 6 x 6
    np.testing.assert_array_equal(
        array_of(finish(prior, case_of(mid=prior), settings)), np.where(array_of(prior) == 2, 0, array_of(prior))
    )


@pytest.mark.parametrize(
    "values",
    [
        {"margin": 3},
        {"minimum_volume_mm3": {"GTV": 3}},
        {"minimum_volume_mm3": {"GTVp": -1}},
        {"gradient_map": {"sigma": 1}},
    ],
    ids=str,
)
def test_settings_without_sense_are_refused(values):
    with pytest.raises(ValidationError):
        Settings.model_validate(values)


def test_settings_survive_json():
    settings = Settings(gradient_map=GradientMapSettings.paper(), minimum_volume_mm3={"GTVp": 175})
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


@pytest.mark.parametrize("slug", [REGISTERED_T2W, PRE_T2W, PRE_MASK])
def test_a_broken_image_that_is_not_used_gives_a_note(t2w, prior, slug):
    channels = prepare(case_of(mid=t2w, registered=prior, left_out={slug: "It is broken."}), Settings())
    np.testing.assert_array_equal(channels.array, channels_of(t2w, prior, Settings()).array)
    assert channels.notes == ("Not used: It is broken.",)


@pytest.mark.parametrize("slug", [REGISTERED_MASK, PRE_T2W, PRE_MASK])
def test_a_broken_image_that_would_be_used_fails_the_case(t2w, slug):
    with pytest.raises(InputError, match=r"It is broken\."):
        prepare(case_of(mid=t2w, left_out={slug: "It is broken."}), Settings())


def test_without_the_gradient_map_no_mask_is_used(t2w):
    channels = prepare(case_of(mid=t2w, left_out={REGISTERED_MASK: "It is broken."}), Settings(gradient_channel=False))
    assert channels.array.shape[0] == 1
    assert channels.notes == ("Not used: It is broken.",)
