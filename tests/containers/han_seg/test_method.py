import re
from functools import cache

import numpy as np
import pytest
import SimpleITK as sitk
from pydantic import ValidationError

from containers.han_seg.method import Settings, channels_of, finish, inspect, prepare
from containers.han_seg.spec import CT, T1
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of, image_of, resample_image
from hnseg.imaging.registration.agreement import moved
from hnseg.inference.preprocessing.normalisation import normalise
from hnseg.platform.case import Case
from tests.support.figure import Figure, grid_between
from tests.support.small_han_seg import CT_GRID, pose, small_ct, small_mr

BOTH = Settings()


@cache
def registered():
    """The channels of the small case, which take some seconds to make."""
    return channels_of(small_ct(), small_mr(), BOTH)


def case_of(ct, mr=None, *, left_out=""):
    images = {CT: ct} if mr is None else {CT: ct, T1: mr}
    return Case(images=images, reference=ct, files={CT: "ct.mha"}, left_out={T1: left_out} if left_out else {})


def like(image, array):
    return image_of(np.ascontiguousarray(array), Grid.of(image))


def test_channels_are_the_ct_as_it_is_and_the_mr_laid_on_it():
    channels = registered()
    assert channels.array.dtype == np.float32
    assert channels.array.shape == (2, *Grid.of(small_ct()).shape_zyx)
    assert channels.grid == Grid.of(small_ct())
    np.testing.assert_array_equal(channels.array[0], array_of(small_ct()))
    (note,) = channels.notes
    assert channels.record["modalities"] == {"mr": {"used": True, "reason": ""}}
    assert re.match(r"The T1 MR was laid on the CT \(turned by 1\d\.\d degrees, moved by \d+\.\d mm, correlat", note)


def test_the_mr_lies_where_it_belongs():
    mr = resample_image(sitk.Cast(small_mr(), sitk.sitkFloat32), Grid.of(small_ct()), transform=pose(), outside=-1)
    inside = array_of(mr) > 20
    assert np.corrcoef(registered().array[1][inside], array_of(mr)[inside])[0, 1] > 0.97


def test_the_mr_is_scaled_by_its_percentiles_and_zero_where_it_does_not_reach():
    mr_channel = registered().array[1]
    beyond = resample_image(small_mr() * 0 + 1, Grid.of(small_ct()), transform=pose())
    margin = sitk.BinaryDilate(sitk.Cast(beyond, sitk.sitkUInt8), (1, 1, 1))  # the registration's error
    assert not mr_channel[array_of(margin) == 0].any()
    assert mr_channel.min() >= 0
    assert 0.9 < np.percentile(mr_channel, 99.8) < 1.3


def test_the_record_holds_the_transform_and_how_it_was_judged():
    record = registered().record["registration"]
    assert (record["fixed"], record["moving"], record["status"]) == (CT, T1, "registered")
    assert record["quality"]["correlation"] > 0.16
    points = np.random.default_rng(0).uniform(-50, 50, (100, 3))
    found = points @ np.array(record["matrix"]).T + record["offset_mm"]
    assert np.linalg.norm(found - moved(points, pose()), axis=1).mean() < 1.5


def swapped(mr):
    return like(mr, np.resize(array_of(mr).transpose(2, 1, 0), Grid.of(mr).shape_zyx))


def noise(mr):
    return like(mr, np.random.default_rng(0).integers(0, 900, Grid.of(mr).shape_zyx).astype(np.int16))


def tiny(mr):
    return mr[:16, :16, :]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (noise, "the images agree too little"),
        (swapped, "the images agree too little"),
        (tiny, "the moving image covers 0.43 l, and at least 0.5 l are needed"),
        (lambda mr: mr * 0, "the moving image is constant. Was an empty image exported?"),
        (lambda mr: mr[:, :, :9], "the moving image has 9 voxels along one axis"),
    ],
    ids=["noise", "swapped axes", "tiny", "empty", "few slices"],
)
def test_an_mr_that_can_not_be_laid_on_the_ct_is_left_out_with_the_reason(spoil, reason):
    mr = spoil(small_mr())
    channels = channels_of(small_ct(), mr, BOTH)
    assert not channels.array[1].any()
    (note,) = channels.notes
    assert note.startswith(f"CT only: the T1 MR (moving) can't be laid on the CT (fixed): {reason}")
    assert channels.record["registration"]["status"] != "registered"
    assert channels.record["registration"]["reason"] in note
    assert note == f"CT only: {channels.record['modalities']['mr']['reason']}"
    assert not channels.uses("mr")


def test_the_gate_of_the_settings_decides():
    strict = Settings.model_validate({"gate": {"correlation": 0.99}})
    channels = channels_of(small_ct(), small_mr(), strict)
    assert not channels.array[1].any()
    assert "at least 0.99 needed" in channels.notes[0]


def test_a_missing_mr_gives_an_empty_channel_and_a_note():
    channels = prepare(case_of(small_ct()), BOTH)
    assert not channels.array[1].any()
    assert channels.notes == ("CT only: there is no T1 MR.",)
    assert channels.record == {"modalities": {"mr": {"used": False, "reason": "there is no T1 MR."}}}


def test_a_broken_mr_gives_an_empty_channel_and_the_reason():
    channels = prepare(case_of(small_ct(), left_out="The T1 MR must show something."), BOTH)
    assert not channels.array[1].any()
    assert channels.notes == ("CT only: The T1 MR must show something.",)
    assert channels.record == {"modalities": {"mr": {"used": False, "reason": "The T1 MR must show something."}}}


def test_a_ct_in_the_mrs_folder_is_recognised_and_left_out():
    channels = prepare(case_of(small_ct(), small_ct(seed=1)), BOTH)
    assert not channels.array[1].any()
    assert channels.notes == (
        "CT only: the T1 MR looks like a CT, since 85% of its values are those of air in Hounsfield units."
        " Was a CT put into the MR's folder?",
    )


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (small_mr, r"values from 0 to \d+\. Was the MR put into the CT's folder"),
        (lambda: small_ct() + 1024, r"values from -\d\d to 1\d+\. .* or the CT stored without its rescale intercept\?"),
    ],
    ids=["MR", "without intercept"],
)
def test_an_image_that_can_not_be_a_ct_is_refused(wrong, found):
    with pytest.raises(InputError, match=rf"The CT must be in Hounsfield units, .* but ct\.mha has {found}"):
        prepare(case_of(wrong()), BOTH)


def test_an_empty_channel_stays_empty_when_the_network_takes_it_as_it_is():
    mr_channel = channels_of(small_ct(), None, BOTH).array[1]
    normalise(mr_channel, "NoNormalization", None, None)
    assert not mr_channel.any()


def test_without_the_mr_channel_there_is_the_ct_alone():
    alone = Settings(mr_channel=False)
    for channels in (
        channels_of(small_ct(), small_mr(), alone),
        prepare(case_of(small_ct()), alone),
        prepare(case_of(small_ct(), left_out="The T1 MR is broken."), alone),
    ):
        np.testing.assert_array_equal(channels.array, array_of(small_ct())[np.newaxis])
        assert (channels.notes, channels.record) == ((), {})


def test_without_alignment_the_header_decides():
    channels = channels_of(small_ct(), small_mr(), Settings(alignment="none"))
    by_header = array_of(resample_image(sitk.Cast(small_mr(), sitk.sitkFloat32), Grid.of(small_ct())))
    inside = by_header > 20
    assert np.corrcoef(channels.array[1][inside], by_header[inside])[0, 1] > 0.99
    assert channels.notes == ("The T1 MR is laid on the CT by its header, unregistered.",)
    assert channels.record == {"modalities": {"mr": {"used": True, "reason": ""}}}


def test_the_label_map_is_left_as_it_is():
    label_map = sitk.Image([4, 4, 4], sitk.sitkUInt8)
    assert finish(label_map, case_of(small_ct()), BOTH) is label_map


@pytest.mark.parametrize(
    "values", [{"mr": True}, {"alignment": "affine"}, {"mr_percentiles": [1, 101]}, {"gate": {"dice": 0.8}}], ids=str
)
def test_settings_without_sense_are_refused(values):
    with pytest.raises(ValidationError):
        Settings.model_validate(values)


def test_settings_survive_json():
    settings = Settings.model_validate({"mr_percentiles": [2, 99], "gate": {"rotation_deg": 30}})
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def map_with_an_organ_in_the_air():
    """Return a label map on the CT's grid: a brainstem in the head, and a parotid half of which is in the air."""
    array = np.zeros(CT_GRID.shape_zyx, np.uint8)
    array[18:22, 25:29, 23:27] = 5
    array[18:20, 25:29, 18:22] = array[18:20, :4, :4] = 27
    return image_of(array, CT_GRID)


def test_the_share_outside_the_body_is_noted_and_the_map_left_as_it_is():
    case, label_map = case_of(small_ct()), map_with_an_organ_in_the_air()
    found = inspect(label_map, case, Settings())
    assert found.notes == (
        "Outside the body on the CT lie 50% of Parotid_L. Is the scan of another kind than the model's?",
    )
    assert found.record == {"outside_body": {"Brainstem": 0.0, "Parotid_L": 0.5}}
    assert finish(label_map, case, Settings()) is label_map


def test_a_setting_keeps_organs_inside_the_body():
    case, label_map, settings = case_of(small_ct()), map_with_an_organ_in_the_air(), Settings(keep_inside_body=True)
    assert inspect(label_map, case, settings).notes == (
        "Outside the body on the CT lie 50% of Parotid_L; these voxels are set to background.",
    )
    kept = array_of(finish(label_map, case, settings))
    assert (np.count_nonzero(kept == 5), np.count_nonzero(kept == 27)) == (64, 32)


def test_a_ct_of_legs_is_doubted():
    grid = grid_between((-180, -60, -1300), (180, 100, -850), (5.0, 5.0, 6.0))
    channels = prepare(case_of(Figure().ct(grid)), Settings())
    assert channels.notes[0].startswith("CT only: ")
    assert channels.notes[1].startswith("The scan may not show the head and neck, since the CT has neither a skull,")
    assert channels.record["body_part"]["is_head_or_neck"] is False
