"""Organs of real radiotherapy patients (OpenKBP), moved and changed: distances are those of the library."""

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from hnseg.evaluation.measures.surface import hd95_mm, surface_of
from hnseg.imaging.geometry import Grid, array_of
from tests.support.real_data import needs_real_data, real_data_dir
from tests.support.surface_oracle import library_hd95_mm

PATIENTS = real_data_dir() / "ct_headneck_openkbp"
pytestmark = needs_real_data("ct_headneck_openkbp")

FILES = sorted(PATIENTS.glob("pt_*_seg.nii.gz"))[::9]
CHANGES = {
    "moved": lambda mask: np.roll(mask, (1, -2, 1), axis=(0, 1, 2)),
    "grown": lambda mask: ndimage.binary_dilation(mask, iterations=2),
    "shrunk": ndimage.binary_erosion,
    "mirrored": lambda mask: mask[:, :, ::-1],
    "with a far piece": lambda mask: mask | np.roll(mask, 30, axis=1),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.removesuffix("_seg.nii.gz"))
def test_every_organ_is_as_far_from_its_changed_self_as_the_library_says(file, change):
    image = sitk.ReadImage(str(file))
    label_map, spacing_zyx_mm = array_of(image), Grid.of(image).spacing_zyx_mm
    organs = np.unique(label_map[label_map > 0]).tolist()
    assert len(organs) >= 5
    masks = {organ: label_map == organ for organ in organs}
    changed = {organ: CHANGES[change](mask) for organ, mask in masks.items()}
    expected = {organ: library_hd95_mm(masks[organ], changed[organ], spacing_zyx_mm) for organ in organs}
    found = {
        organ: hd95_mm(*(surface_of(mask, spacing_zyx_mm=spacing_zyx_mm) for mask in (masks[organ], changed[organ])))
        for organ in organs
    }
    assert found == {organ: pytest.approx(value, abs=1e-9, rel=0) for organ, value in expected.items()}
    assert any(value > 0 for value in expected.values())
