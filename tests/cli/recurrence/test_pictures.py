"""Pictures of patients for the page."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image

from hnseg.cli.recurrence.pictures import draw_patients


def test_patients_go_from_the_best_to_the_worst(cohort, comparison):
    pictures = draw_patients(cohort, comparison)
    assert [one.name for one in pictures] == ["a", "b", "c"]
    assert (pictures[0].dsc[1], pictures[2].dsc[1]) == (0, None)
    size = Image.open(io.BytesIO(pictures[0].png)).size
    assert size[0] == 2 * 331 + 3 + 104  # two slices, and the bar of the PET
    assert size[1] > 2 * 328  # with the PET below


def test_without_images_there_are_outlines_alone(cohort, comparison):
    without = replace(cohort, patients=tuple(replace(patient, images=None) for patient in cohort.patients))
    width = Image.open(io.BytesIO(draw_patients(without, comparison)[0].png)).width
    assert 2 * 328 < width < 3 * 328
