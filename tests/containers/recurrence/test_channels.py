import numpy as np
import pytest
import SimpleITK as sitk

from containers.recurrence.channels import recurrence_channels
from containers.recurrence.settings import Settings
from hnseg.errors import InputError
from hnseg.imaging.box import Box
from hnseg.imaging.geometry import array_of, image_of
from tests.support.small_hecktor import CT_GRID, small_ct, small_pet
from tests.support.small_recurrence import SETTINGS, small_gtv

SMALL = Settings(**SETTINGS)


def channels_with(settings=SMALL, *, ct=None, pet=None, gtv=None):
    ct, pet, gtv = ct or small_ct(), pet or small_pet(), gtv or small_gtv()
    return recurrence_channels(ct, pet, gtv, settings, ct_file="ct.mha", pet_file="pet.mha")


def test_channels_are_clipped_hounsfield_units_and_z_scores_of_the_pet_in_a_box_around_the_gtv():
    channels = channels_with()
    # 120 x 144 x 96 mm in voxels of 5 x 5 x 6 mm, of which 28 fit into 144 mm; the box lies in the image.
    assert channels.grid.size_xyz == (24, 28, 16)
    box = Box(channels.record["crop"]["index_xyz"], channels.record["crop"]["size_xyz"])
    assert channels.grid.matches(box.grid_in(CT_GRID))
    hu = box.of(array_of(small_ct())).astype(np.float64)
    np.testing.assert_allclose(channels.array[0], np.clip(hu, -1024, 1024) / 1024, atol=1e-6)
    # By SimpleITK alone: the PET on the CT, linearly, and its z-scores in the box.
    on_ct = array_of(sitk.Resample(small_pet(), small_ct(), sitk.Transform(), sitk.sitkLinear, 0.0))
    suv = box.of(on_ct).astype(np.float64)
    np.testing.assert_allclose(channels.array[1], (suv - suv.mean()) / (suv.std() + 1e-3), atol=1e-4)
    assert channels.array.dtype == np.float32


def test_beyond_the_images_both_channels_have_their_smallest_value():
    large = Settings(crop_size_xyz=(80, 80, 80), crop_spacing_mm=(6.0, 6.0, 6.0))
    channels = channels_with(large)
    inner = Box(channels.record["crop"]["index_xyz"], channels.record["crop"]["size_xyz"])
    assert inner.size_xyz == CT_GRID.size_xyz  # as large as the CT, which the box holds whole
    outside = np.ones(channels.array.shape[1:], bool)
    first = np.rint(-CT_GRID.index_xyz(np.array([channels.grid.origin_mm])))[0].astype(int)
    Box(tuple(first.tolist()), CT_GRID.size_xyz).of(outside)[:] = False
    assert outside.any()
    assert (channels.array[0][outside] == -1).all()
    pet = channels.array[1]
    assert (pet[outside] == pet.min()).all()
    assert abs(float(pet[~outside].mean(dtype=np.float64))) < 1e-3  # they count for no mean


def test_the_gtv_may_be_a_third_channel_behind_the_same_two():
    large = Settings(crop_size_xyz=(80, 80, 80), crop_spacing_mm=(6.0, 6.0, 6.0), gtv_channel=True)
    channels = channels_with(large)
    without = channels_with(large.model_copy(update={"gtv_channel": False}))
    assert (len(without.array), len(channels.array)) == (2, 3)
    np.testing.assert_array_equal(channels.array[:2], without.array)
    on_box = sitk.Resample(
        small_gtv(), image_of(channels.array[2], channels.grid), sitk.Transform(), sitk.sitkNearestNeighbor
    )
    np.testing.assert_array_equal(channels.array[2], array_of(on_box))
    assert channels.array[2].sum() == array_of(small_gtv()).sum() > 0


def test_a_pet_that_ends_inside_the_box_has_its_smallest_value_beyond_and_no_nan():
    channels = channels_with(pet=small_pet()[:, :, :28])
    assert np.isfinite(channels.array).all()
    assert np.count_nonzero(channels.array[1] == channels.array[1].min()) > 1000


def empty_gtv():
    return sitk.Image(small_gtv()) * 0


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"ct": small_ct() + 1024}, r"The CT must be in Hounsfield units, .*, but ct\.mha has values from"),
        ({"pet": small_pet() * 5000}, r"The network was trained on a PET in SUV, .* pet\.mha has .*\. .*Bq"),
        ({"gtv": empty_gtv()}, r"The GTV must have at least one voxel, around which .*, but its label map is empty\."),
    ],
    ids=["CT without intercept", "PET in Bq/ml", "GTV empty"],
)
def test_what_a_network_can_not_use_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        channels_with(**given)


def test_a_pet_elsewhere_is_refused():
    pet = small_pet()
    pet.SetOrigin((0, 0, -5000))
    with pytest.raises(InputError, match=r"can't do without: the PET covers 0\.0% of the body on the CT"):
        channels_with(pet=pet)
