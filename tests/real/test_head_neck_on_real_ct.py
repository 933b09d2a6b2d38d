"""Real planning CTs of heads and necks, whose organs the box must hold; and of legs, which have no head."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.head_neck import find_head_and_neck
from hnseg.imaging.head_signs import head_signs_of
from hnseg.imaging.outside_body import outside_body
from tests.support.real_data import needs_real_data, real_data_dir

HEADS = sorted((real_data_dir() / "ct_headneck_openkbp").glob("pt_*_ct.nii.gz"))
LEGS = sorted((real_data_dir() / "petctmr_sts").glob("STS_*"))
PAROTIDS_AND_LARYNX = (3, 4, 6)


@needs_real_data("ct_headneck_openkbp")
@pytest.mark.parametrize("path", HEADS[::3], ids=lambda path: path.name.removesuffix("_ct.nii.gz"))
def test_the_box_holds_the_organs_where_tumours_grow(path):
    region = find_head_and_neck(coarse_ct_of(sitk.ReadImage(str(path))), None)
    organs = sitk.GetArrayFromImage(sitk.ReadImage(str(path).replace("_ct.", "_seg.")))
    kept, first = region.box.of(organs), region.box.index_xyz[2]
    for organ in PAROTIDS_AND_LARYNX:
        assert np.count_nonzero(kept == organ) == np.count_nonzero(organs == organ)
    in_slices = organs[first : first + region.box.size_xyz[2]]
    # Not all of the mandible: a chin may reach the box's edge, 100 mm before the middle.
    assert np.count_nonzero(kept == 5) >= 0.7 * np.count_nonzero(in_slices == 5)


@needs_real_data("ct_headneck_openkbp")
@pytest.mark.parametrize("path", HEADS, ids=lambda path: path.name.removesuffix("_ct.nii.gz"))
def test_a_planning_ct_is_seen_to_show_head_and_neck(path):
    signs = head_signs_of(coarse_ct_of(sitk.ReadImage(str(path))))
    assert signs.airway_mm > 80
    assert signs.doubt() == ""


@needs_real_data("petctmr_sts")
@pytest.mark.parametrize("folder", LEGS, ids=lambda folder: folder.name)
def test_a_leg_is_never_taken_for_a_head_without_doubt(folder):
    coarse = coarse_ct_of(sitk.ReadImage(str(folder / "CT_image.nii.gz")))
    region = find_head_and_neck(coarse, sitk.ReadImage(str(folder / "PET_image.nii.gz")))
    assert region.signs.airway_mm < 10
    assert region.signs.doubt()
    assert "in the head" not in region.why


@needs_real_data("ct_headneck_openkbp")
@pytest.mark.parametrize("path", HEADS[::3], ids=lambda path: path.name.removesuffix("_ct.nii.gz"))
def test_real_organs_lie_inside_the_body(path):
    organs = sitk.Cast(sitk.ReadImage(str(path).replace("_ct.", "_seg.")), sitk.sitkUInt8)
    # Not cord and oesophagus, around which some of these CTs have no body at their lower end.
    found = outside_body(organs, sitk.ReadImage(str(path)), {1: "brainstem", 5: "mandible", 6: "larynx"})
    assert found.notes(removed=False) == ()


@needs_real_data("petctmr_sts")
@pytest.mark.parametrize("folder", LEGS[::5], ids=lambda folder: folder.name)
def test_no_skull_is_found_on_a_leg(folder):
    coarse = coarse_ct_of(sitk.ReadImage(str(folder / "CT_image.nii.gz")))
    assert find_head_and_neck(coarse, None).why == "the upper end of the body on the CT"
