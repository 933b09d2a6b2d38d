"""Real FDG-PET in SUV, with the tumour's outline: 16 patients, four of them here; and its CT."""

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hecktor.ehr import Ehr
from containers.hecktor.features import features_of
from containers.hecktor.method import Settings
from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import array_of
from hnseg.imaging.pet_ct.channels import PET_CHANNEL, pet_ct_channels
from hnseg.imaging.suv import doubt_of_suv, uptake_in_body
from tests.support.real_data import needs_real_data, real_data_dir

PATIENTS = sorted((real_data_dir() / "petctmr_sts").glob("STS_*"))

pytestmark = needs_real_data("petctmr_sts")
EACH = pytest.mark.parametrize("folder", PATIENTS, ids=lambda folder: folder.name)
FEW = pytest.mark.parametrize("folder", PATIENTS[::5], ids=lambda folder: folder.name)


def read(folder, name):
    return sitk.ReadImage(str(folder / f"{name}.nii.gz"))


def doubt(folder, pet):
    return doubt_of_suv(pet, uptake_in_body(pet, coarse_ct_of(read(folder, "CT_image"))))


@EACH
def test_real_suv_is_taken(folder):
    assert doubt(folder, read(folder, "PET_image")) is None


@EACH
@pytest.mark.parametrize("bq_ml", [1100.0, 5500.0])
def test_the_same_in_bq_ml_is_refused(folder, bq_ml):
    # 2 MBq a kg and a late scan, 5.5 MBq a kg and an early one
    assert doubt(folder, read(folder, "PET_image") * bq_ml).unit == "activity"


@EACH
def test_so_are_a_scaled_one_and_z_scores(folder):
    pet = read(folder, "PET_image")
    assert doubt(folder, sitk.RescaleIntensity(pet, 0, 1)).unit == "scaled"
    assert doubt(folder, sitk.Normalize(pet)).unit == "signed"


@EACH
@pytest.mark.parametrize("value", [1e6, -1e6])
def test_neither_one_voxel_nor_padding_changes_that(folder, value):
    pet = sitk.Cast(read(folder, "PET_image"), sitk.sitkFloat32)
    half = [size // 2 for size in pet.GetSize()]
    for factor, unit in ((1.0, None), (1100.0, "activity")):
        spoilt = pet * factor
        spoilt[tuple(half)] = value
        for padding in (0.0, -1.0, -1024.0):
            found = doubt(folder, sitk.ConstantPad(spoilt, half, half, padding))
            assert (found and found.unit) == unit


@FEW
def test_the_channels_of_a_real_patient(folder):
    ct, pet, tumour = (read(folder, name) for name in ("CT_image", "PET_image", "CT_mask"))
    channels = pet_ct_channels(ct, pet, Settings())
    assert channels.uses(PET_CHANNEL)
    assert channels.record["pet_overlap"]["share_of_body"] > 0.95
    suv = channels.array[1] * 10
    inside = array_of(tumour) > 0
    assert suv[inside].mean() > 1.5 * np.median(suv[channels.array[0] > -200])  # sarcomas light up among muscle
    in_bq_ml = pet_ct_channels(ct, pet * 4000, Settings())
    assert not in_bq_ml.array[1].any()
    assert "Is it in Bq/ml" in in_bq_ml.notes[0]


@FEW
def test_suvmax_and_volume_are_those_of_the_outline_on_the_pet(folder):
    ct, pet, tumour = (read(folder, name) for name in ("CT_image", "PET_image", "CT_mask"))
    found = features_of(sitk.Cast(tumour > 0, sitk.sitkUInt8), pet, Ehr(), coarse=coarse_ct_of(ct))
    own_mask = read(folder, "PET_mask")
    own = array_of(pet)[array_of(own_mask) > 0]
    assert 2 < found["suv_max"] < 60
    assert found["suv_max"] == pytest.approx(own.max(), rel=0.12)  # interpolation takes a little off a peak
    assert found["gtvp_ml"] == pytest.approx(own.size * np.prod(own_mask.GetSpacing()) / 1000, rel=0.1)
    assert 0 < found["mtv_ml"] < found["gtvp_ml"]
    assert 0.41 * found["suv_max"] <= found["tlg"] / found["mtv_ml"] <= found["suv_max"]
