"""Brain found on real planning CTs, most of which end inside the head; and on legs, which have none."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.imaging.body import coarse_ct_of
from hnseg.imaging.geometry import array_of
from hnseg.imaging.pet_ct.brain import find_brain
from tests.support.real_data import needs_real_data, real_data_dir

HEADS = sorted((real_data_dir() / "ct_headneck_openkbp").glob("pt_*_ct.nii.gz"))
LEGS = sorted((real_data_dir() / "petctmr_sts").glob("STS_*"))
BRAINSTEM, NOT_BRAIN = 1, (3, 4, 5, 6)  # both parotids, mandible, larynx


@needs_real_data("ct_headneck_openkbp")
def test_it_holds_most_of_the_brainstem_and_nothing_of_parotids_mandible_and_larynx():
    shares, found = [], 0
    for path in HEADS[::3]:
        brain = find_brain(coarse_ct_of(sitk.ReadImage(str(path))))
        if brain is None:
            continue
        found += 1
        organs = array_of(sitk.ReadImage(str(path).replace("_ct.", "_seg.")))
        inside = array_of(brain) > 0
        for organ in NOT_BRAIN:
            assert np.count_nonzero(inside & (organs == organ)) <= 0.01 * np.count_nonzero(organs == organ)
        if (organs == BRAINSTEM).any():
            shares.append(float(inside[organs == BRAINSTEM].mean()))
    assert found >= len(HEADS[::3]) / 2
    assert np.median(shares) > 0.5


@needs_real_data("petctmr_sts")
@pytest.mark.parametrize("folder", LEGS, ids=lambda folder: folder.name)
def test_none_is_found_on_a_leg(folder):
    assert find_brain(coarse_ct_of(sitk.ReadImage(str(folder / "CT_image.nii.gz")))) is None
