import numpy as np
import pytest
import SimpleITK as sitk

from containers.recurrence.rules import gtv_itself, over_share_of_suvmax
from containers.recurrence.settings import Settings
from hnseg.errors import InputError
from hnseg.imaging.geometry import array_of
from tests.support.small_hecktor import small_ct, small_pet
from tests.support.small_recurrence import SETTINGS, case_of, small_brain, small_gtv, voxels_of

WIDE = Settings(rule="suvmax", crop_size_xyz=(80, 80, 80), crop_spacing_mm=(6.0, 6.0, 6.0))
SMALL = Settings(**{**SETTINGS, "rule": "suvmax"})


def expected(brain=None):
    """Return the volume over 38 % of SUVmax by SimpleITK and NumPy alone, (z, y, x)."""
    suv = array_of(sitk.Resample(small_pet(), small_ct(), sitk.Transform(), sitk.sitkLinear, 0.0))
    over = suv >= 0.38 * suv[array_of(small_gtv()) > 0].max()
    return over if brain is None else over & (array_of(brain) == 0)


def test_the_volume_is_over_a_share_of_the_highest_uptake_in_the_gtv_without_the_brain():
    case = case_of(brain=small_brain())
    volume, (notes, record) = over_share_of_suvmax(case, WIDE)
    np.testing.assert_array_equal(voxels_of(volume), expected(small_brain()))
    assert notes[-1] == "The brain was left out by the label map of the case."
    suvmax = record["suvmax"]
    assert (suvmax["threshold"], suvmax["brain"]) == (pytest.approx(0.38 * suvmax["inside_gtv"]), "mask")


def test_nothing_is_predicted_outside_the_box_around_the_gtv():
    volume, (_, record) = over_share_of_suvmax(case_of(), SMALL.model_copy(update={"brain": "none"}))
    x, y, z = record["crop"]["index_xyz"]
    nx, ny, nz = record["crop"]["size_xyz"]
    inside = np.zeros_like(voxels_of(volume), bool)
    inside[z : z + nz, y : y + ny, x : x + nx] = True
    np.testing.assert_array_equal(voxels_of(volume), expected() & inside)


@pytest.mark.parametrize(
    ("brain", "left_out", "note"),
    [
        ("none", {}, "No brain was left out, as the settings say."),
        ("mask", {}, "No brain was left out. There is no label map of the brain."),
        ("mask", {"brain-segmentation": "It is cut off."}, "No brain was left out. It is cut off."),
        (
            "mask-or-heuristic",
            {},
            "The brain was left out as a heuristic found it on the CT. There is no label map of the brain.",
        ),
    ],
)
def test_where_the_brain_comes_from_is_said(brain, left_out, note):
    settings = WIDE.model_copy(update={"brain": brain})
    volume, (notes, record) = over_share_of_suvmax(case_of(left_out=left_out), settings)
    assert notes[-1] == note
    bright = np.count_nonzero(expected())
    found = np.count_nonzero(voxels_of(volume))
    assert found < bright if record["suvmax"]["brain"] == "heuristic" else found == bright


def test_a_ct_without_a_skull_leaves_no_brain_out_and_says_so():
    case = case_of(ct=small_ct()[:, :, :26], gtv=small_gtv()[:, :, :26])
    _, (notes, record) = over_share_of_suvmax(case, WIDE)
    assert notes[-1].startswith("No brain was left out, since none was found on the CT.")
    assert record["suvmax"]["brain"] == "none"


def test_a_pet_in_becquerel_gives_the_same_volume_and_a_note():
    wanted, _ = over_share_of_suvmax(case_of(), WIDE)
    volume, (notes, record) = over_share_of_suvmax(case_of(pet=small_pet() * 5000), WIDE)
    np.testing.assert_array_equal(voxels_of(volume), voxels_of(wanted))
    assert "pet.mha is not in SUV but an activity, such as in Bq/ml; a share of its own" in notes[0]
    assert record["pet_values"]["doubt"] == "activity"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"gtv": sitk.Image(small_gtv()) * 0}, "The GTV must have at least one voxel"),
        ({"ct": small_ct() + 1024}, "The CT must be in Hounsfield units"),
        ({"pet": sitk.Normalize(small_pet())}, "A share of SUVmax needs a PET: The PET must be in SUV"),
    ],
    ids=["GTV empty", "CT without intercept", "PET as z-scores"],
)
def test_what_the_rule_can_not_use_is_refused_in_a_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        over_share_of_suvmax(case_of(**given), WIDE)


def test_the_gtv_itself_is_predicted_and_an_empty_one_refused():
    settings = Settings(rule="gtv")
    volume, facts = gtv_itself(case_of(), settings)
    np.testing.assert_array_equal(voxels_of(volume), array_of(small_gtv()))
    assert facts == ((), {})
    with pytest.raises(InputError, match="The GTV must have at least one voxel"):
        gtv_itself(case_of(gtv=sitk.Image(small_gtv()) * 0), settings)
