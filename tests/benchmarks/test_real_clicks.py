"""Benchmark of clicks on real PET/CT: the brush that stands beside the networks."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.evaluation.clicks.record import Simulation, Step, UserFacts

SPACING_XYZ_MM = (1.0, 2.0, 4.0)


@pytest.fixture
def real_clicks(script):
    """Module of the script."""
    return script("real_clicks")


def written(folder, name, array):
    image = sitk.GetImageFromArray(array.astype(np.uint8))
    image.SetSpacing(SPACING_XYZ_MM)
    sitk.WriteImage(image, str(folder / f"{name}.nii.gz"))
    return folder / f"{name}.nii.gz"


def test_a_painted_click_sets_its_ball_in_mm_and_nothing_else(real_clicks, tmp_path):
    reference, first = np.zeros((5, 9, 21)), np.zeros((5, 9, 21))
    reference[2, 4, 8:13] = 1  # 5 voxels of 8 mm3 in a row along x
    patient = real_clicks.Patient("STS-000", {"CT_mask": written(tmp_path, "reference", reference)})
    user = UserFacts(
        protocol="errors", rule="depth", most_clicks=1, most_per_structure=None, radius_mm=2.0, has_guard=True
    )
    like = Simulation(points=(), user=user, steps=(Step(structures={}, wrong_ml=0.0),))
    record = real_clicks.painted(patient, written(tmp_path, "first", first), like)
    # The ends of the row are 1 mm deep, the others 2 mm: the first of those is x = 9. A ball of 2 mm has x from 7 to 11
    # and the two neighbours along y. Of these 7 voxels 4 are right; 1 of the row is still missing.
    assert record.points[0].name == "GTVp"
    assert record.points[0].point == (9.0, 8.0, 8.0)
    assert record.steps[1].changed_voxels == 7
    assert record.steps[1].wrong_ml == pytest.approx((3 + 1) * 8 / 1000)
    assert record.steps[1].structures["GTVp"]["dsc"] == pytest.approx(2 * 4 / (7 + 5))


def test_a_patient_who_got_fewer_clicks_keeps_the_last_value(real_clicks):
    steps = [Step(structures={"GTVp": {"dsc": dsc}}, wrong_ml=1.0) for dsc in (0.5, 0.75)]
    user = UserFacts(
        protocol="errors", rule="depth", most_clicks=10, most_per_structure=None, radius_mm=5.5, has_guard=True
    )
    record = Simulation(points=(), user=user, steps=tuple(steps))
    assert real_clicks.dsc_line(record) == [0.5, *[0.75] * 10]
