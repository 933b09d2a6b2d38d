"""Head and neck on the CT's own voxels: tissues that fit the CT, and a brain inside the skull."""

from __future__ import annotations

import functools

import numpy as np

from hnseg.imaging.components import component_sizes
from hnseg.imaging.geometry import Grid, array_of
from hnseg.phantom.challenges.hecktor import draw_patient
from hnseg.phantom.challenges.recurrence.site import Site
from tests.phantom.challenges.recurrence.conftest import SCANNED


@functools.cache
def scene():
    patient = draw_patient(5, 0, variant=SCANNED)
    return patient, Site.of(patient)


def test_the_box_has_the_cts_own_voxels_and_holds_all_tumours():
    patient, site = scene()
    first = np.array(site.box.index_xyz, np.float64)[np.newaxis]
    np.testing.assert_allclose(Grid.of(patient.ct).points_mm(first)[0], site.grid.origin_mm, atol=1e-6)
    mask = array_of(patient.mask) > 0
    assert mask.any()
    assert site.box.of(mask).sum() == mask.sum()


def test_soft_tissue_is_where_the_ct_shows_it():
    patient, site = scene()
    hu, soft = site.box.of(array_of(patient.ct)), site.soft_tissue()
    assert -120 < np.median(hu[soft]) < 90
    assert ((hu[soft] > -300) & (hu[soft] < 400)).mean() > 0.9
    assert soft[site.box.of(array_of(patient.mask)) > 0].mean() > 0.99


def test_the_brain_is_one_large_piece_of_the_density_of_brain():
    patient, site = scene()
    brain = site.brain()
    sizes = component_sizes(brain, connectivity=6)
    assert sizes.max() > 0.98 * brain.sum()
    assert 700 < brain.sum() * site.grid.voxel_volume_mm3 / 1000 < 1900  # ml; the scan may cut the crown off
    assert 0 < np.median(site.box.of(array_of(patient.ct))[brain]) < 60
    assert not (brain & site.soft_tissue()).any()
