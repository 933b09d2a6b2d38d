"""Files of a case to refine: images as the model's container prepares them, clicks, and a label map to start from."""

import dataclasses
import json

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError, ModelError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.outside_body import kept_inside_body
from hnseg.imaging.pet_ct.channels import PetCtSettings, pet_ct_channels
from hnseg.imaging.prompts.click import Click
from hnseg.refinement.case_files import read_case_images, read_clicks, read_start
from tests.support.clicked_ensembles import GRID, click, image
from tests.support.small_hecktor import CT_GRID, small_ct, small_pet

CROPPED = {"crop": "head_neck", "suv_of_one": 5.0, "keep_inside_body": True}


@pytest.fixture
def bundle(untrained):
    return untrained.bundle


@pytest.fixture
def pet_ct(untrained):
    """Return a model of CT and PET with the settings of their channels."""
    names = ("CT", "PET", *untrained.bundle.dataset.prompts.channel_names)
    dataset = untrained.bundle.dataset.model_copy(update={"channel_names": dict(zip("0123", names, strict=True))})
    configuration = untrained.bundle.configuration.model_copy(
        update={"normalization_schemes": ("NoNormalization",) * 4, "use_mask_for_norm": (False,) * 4}
    )
    return dataclasses.replace(untrained.bundle, dataset=dataset, configuration=configuration, settings={**CROPPED})


@pytest.fixture
def scans(tmp_path):
    """Write a CT and a PET on another grid."""
    for name, scan in (("ct", small_ct()), ("pet", small_pet())):
        sitk.WriteImage(scan, str(tmp_path / f"{name}.mha"))
    return tmp_path / "ct.mha", tmp_path / "pet.mha"


def test_a_pet_ct_is_prepared_as_its_settings_say(pet_ct, scans):
    case = read_case_images(pet_ct, scans)
    settings = PetCtSettings(crop="head_neck", suv_of_one=5.0)
    expected = pet_ct_channels(small_ct(), small_pet(), settings)
    np.testing.assert_array_equal(case.channels.array, expected.array)
    assert case.channels.grid == expected.grid
    assert case.grid.is_close_to(CT_GRID)
    without = read_case_images(pet_ct, scans[:1])
    assert not without.channels.array[1].any()


def test_labels_outside_the_box_that_the_network_gets_are_kept(pet_ct, scans):
    anywhere = dataclasses.replace(pet_ct, settings={**CROPPED, "keep_inside_body": False})
    case = read_case_images(anywhere, scans)
    start = np.random.default_rng(0).integers(0, 3, case.grid.shape_zyx).astype(np.uint8)
    part = case.cut(image_of(start, case.grid))
    assert part.GetSize() == case.channels.grid.size_xyz != case.grid.size_xyz
    whole = image_of(start, case.grid)
    np.testing.assert_array_equal(array_of(case.put_back(part, whole)), start)
    fresh = array_of(case.put_back(part, None))
    np.testing.assert_array_equal(case.box.of(fresh), array_of(part))
    assert np.count_nonzero(fresh) == np.count_nonzero(array_of(part))


def test_what_is_put_back_is_kept_inside_the_body_but_for_labels_that_were_there(pet_ct, scans):
    without = dataclasses.replace(pet_ct, settings={**CROPPED, "keep_inside_body": False})
    everywhere, start = np.ones(CT_GRID.shape_zyx, np.uint8), np.zeros(CT_GRID.shape_zyx, np.uint8)
    start[0, :4, :4] = 2  # in the air
    start[1, :4, :4] = 1
    put_back = {}
    for bundle in (without, pet_ct):
        case = read_case_images(bundle, scans)
        part = case.cut(image_of(everywhere, case.grid))
        put_back[bundle is pet_ct] = [array_of(case.put_back(part, each)) for each in (None, image_of(start, CT_GRID))]
    expected = array_of(kept_inside_body(image_of(put_back[False][0], CT_GRID), small_ct()))
    assert 0 < np.count_nonzero(expected) < np.count_nonzero(put_back[False][0])
    np.testing.assert_array_equal(put_back[True][0], expected)
    stays = (put_back[False][1] == start) & (start > 0)
    assert stays.any()
    np.testing.assert_array_equal(put_back[True][1], np.where(stays, start, expected))


def test_a_model_without_such_settings_gets_one_image_a_channel(bundle, tmp_path):
    path = tmp_path / "image.mha"
    sitk.WriteImage(image_of(image().array[0], GRID), str(path))
    case = read_case_images(bundle, [path])
    np.testing.assert_array_equal(case.channels.array, image().array)
    with pytest.raises(InputError, match=r"one image for each of the model's 1 channels \(noNorm"):
        read_case_images(bundle, [path, path])


def test_more_images_than_a_pet_ct_has_and_wrong_settings_are_refused(pet_ct, scans):
    with pytest.raises(InputError, match=r"one image for each of the model's 2 channels \(CT, PET"):
        read_case_images(pet_ct, [*scans, scans[0]])
    wrong = dataclasses.replace(pet_ct, settings={"suv_of_one": -1})
    with pytest.raises(ModelError, match=r"method\.json must hold settings of a PET/CT's channels, but suv_of_one"):
        read_case_images(wrong, scans)


def test_a_label_map_to_start_from_has_the_models_labels_on_the_images_grid(bundle, tmp_path):
    path = tmp_path / "start.mha"
    labels = np.zeros(GRID.shape_zyx, np.uint8)
    labels[3] = 2
    sitk.WriteImage(image_of(labels, GRID), str(path))
    np.testing.assert_array_equal(array_of(read_start(path, bundle, GRID)), labels)
    with pytest.raises(InputError, match="must be on the grid of the first image, but"):
        read_start(path, bundle, Grid.of(sitk.Image([3, 3, 3], sitk.sitkUInt8)))
    sitk.WriteImage(image_of(labels * 3, GRID), str(path))
    with pytest.raises(InputError, match=r"label map to start from .* 6"):
        read_start(path, bundle, GRID)


def test_clicks_are_read_and_all_refused_where_one_can_not_be_used(tmp_path):
    path = tmp_path / "clicks.json"
    points = [{"name": "GTVp", "point": [1, 2, 3]}, {"name": "background", "point": [4, 5, 6]}]
    path.write_text(json.dumps({"points": points}))
    expected = (click("GTVp", (1, 2, 3)), click(None, (4, 5, 6), is_positive=False))
    found = read_clicks(path, GRID, ("GTVp", "GTVn"))
    assert [(each.structure, each.is_positive) for each in found] == [("GTVp", True), (None, False)]
    for one, other in zip(found, expected, strict=True):
        assert isinstance(one, Click)
        np.testing.assert_allclose(one.point_mm, other.point_mm)
    path.write_text(json.dumps({"points": [*points, {"name": "Tongue", "point": [1, 1, 1]}]}))
    with pytest.raises(InputError, match=r"Click 3 must be named one of .* The file is .*clicks\.json; no click"):
        read_clicks(path, GRID, ("GTVp", "GTVn"))
    with pytest.raises(InputError, match=r"The clicks must be a file, but .* can't be read: No such file"):
        read_clicks(tmp_path / "none.json", GRID, ("GTVp",))
