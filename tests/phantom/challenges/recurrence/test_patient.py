"""Patients with recurrences: origins in their regions, pieces of their own, foci in the PET, variants."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges import hecktor
from hnseg.phantom.challenges.recurrence.patient import VARIANTS, Variant, draw_patient
from hnseg.phantom.challenges.recurrence.regions import draw_regions
from tests.phantom.challenges.recurrence.conftest import SCANNED, coarse

EVERYWHERE = np.ones((3, 3, 3))


def pet_on_ct(patient):
    return array_of(sitk.Resample(patient.pet, patient.ct, sitk.Transform(), sitk.sitkLinear, 0.0))


def innermost(patient, point_mm):
    """Return the region of a point by its definition, from the patient's own images."""
    index = patient.ct.TransformPhysicalPointToIndex(point_mm)
    gtv, suv = array_of(patient.gtv) > 0, pet_on_ct(patient)
    if patient.gtv[index]:
        return "PET-GTV" if suv[index[::-1]] >= 0.41 * suv[gtv].max() else "GTV"
    return next((f"CTV{number}" for number, ctv in enumerate(patient.ctvs, start=1) if ctv[index]), "outside")


@pytest.mark.parametrize("index", range(2))
def test_every_origin_lies_in_its_region_and_every_recurrence_is_one_piece(index):
    patient = coarse(index, 3)
    assert sorted(origin.region for origin in patient.origins) == sorted(draw_regions(5, index, 3))
    assert [innermost(patient, origin.point_mm) for origin in patient.origins] == [
        origin.region for origin in patient.origins
    ]
    assert ndimage.label(patient.recurrences > 0, EVERYWHERE)[1] == 3
    soft = array_of(patient.ct)[patient.recurrences > 0]
    assert ((soft > -300) & (soft < 400)).mean() > 0.9


def test_scans_and_tumours_are_those_of_hecktors_patient_but_for_the_foci():
    patient, plain = coarse(0, 3), hecktor.draw_patient(5, 0, variant=SCANNED)
    np.testing.assert_array_equal(array_of(patient.ct), array_of(plain.ct))
    assert ((array_of(plain.mask) > 0) <= (array_of(patient.gtv) > 0)).all()
    rise = array_of(patient.pet) - array_of(plain.pet)
    outside = [origin for origin in patient.origins if origin.region not in {"PET-GTV", "GTV"}]
    assert outside  # else nothing of the foci is checked
    assert rise.min() >= 0
    assert (rise.max() > 0.5) == bool(outside)
    for origin in outside:
        x, y, z = patient.pet.TransformPhysicalPointToIndex(origin.point_mm)
        assert 2.0 < rise[z, y, x] < 8.1


def test_same_numbers_give_the_same_voxels():
    again = draw_patient(5, 0, variant=Variant(SCANNED, recurrences=3, has_brain=True))
    first = coarse(0, 3)
    assert again.origins == first.origins
    np.testing.assert_array_equal(again.recurrences, first.recurrences)
    for one, other in ((first.pet, again.pet), (first.gtv, again.gtv), (first.brain, again.brain)):
        np.testing.assert_array_equal(array_of(one), array_of(other))


def test_a_pet_in_bq_ml_or_an_empty_gtv_leaves_the_recurrences_as_they_were():
    variant = Variant(SCANNED, recurrences=3, has_brain=True, pet_unit="bq_ml", gtv="empty")
    patient = draw_patient(5, 0, variant=variant)
    np.testing.assert_allclose(array_of(patient.pet), 4000 * array_of(coarse(0, 3).pet), rtol=1e-6)
    assert not array_of(patient.gtv).any()
    assert Grid.of(patient.gtv).matches(Grid.of(patient.ct))
    np.testing.assert_array_equal(patient.recurrences, coarse(0, 3).recurrences)


def test_the_last_recurrence_may_be_so_small_that_an_erosion_removes_it_and_the_gtv_on_the_pets_grid():
    variant = Variant(SCANNED, recurrences=3, vanishing=True, gtv="on_pet_grid")
    patient = draw_patient(5, 0, variant=variant)
    sizes = np.bincount(patient.recurrences.ravel())[1:]
    assert sizes[2] == 8 < min(sizes[:2])
    assert not ndimage.binary_erosion(patient.recurrences == 3, EVERYWHERE).any()
    assert array_of(patient.gtv).any()
    assert Grid.of(patient.gtv).matches(Grid.of(patient.pet))


def test_a_patient_without_a_pet_is_none_of_these():
    with pytest.raises(ValueError, match="needs a PET"):
        draw_patient(5, 0, variant=Variant(hecktor.Variant(has_pet=False, whole_body=False, scanners=SCANNED.scanners)))


def test_variants_are_those_that_a_container_must_answer_and_those_it_refuses():
    assert list(VARIANTS) == [
        "ordinary",
        "no_brain",
        "eroded_away",
        "whole_body",
        "pet_in_bq_ml",
        "empty_gtv",
        "gtv_on_pet_grid",
    ]
    assert all(variant.scanned.has_pet for variant in VARIANTS.values())
