"""Pictures of a study's worst cases, as it is and perturbed."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from hnseg.cohort.state.store import CaseStore
from hnseg.drawing.colours import colours_of
from hnseg.robustness.report.worst_cases import WorstCase
from hnseg.robustness.scores.record import Variant
from hnseg.robustness.study.pictures import StudyFiles, draw_worst_cases
from hnseg.robustness.study.variants import CaseVariant
from hnseg.robustness.study.work import Perturbing
from tests.support.small_han_seg import write
from tests.support.small_hecktor import OUTPUT_FILE, reference_of_small_case

NOISE = Variant("CT", "noise", 3)


def files_of(spec, case, folder):
    """Return a study whose label maps are the reference in the baseline, and empty in the variant."""
    store, reference = CaseStore(folder), reference_of_small_case()
    write(reference, store.output(CaseVariant(case.name).name, OUTPUT_FILE))
    write(reference * 0, store.output(CaseVariant.of_scores(case.name, "ct-image", NOISE).name, OUTPUT_FILE))
    return StudyFiles(spec, {case.name: case}, store, Perturbing())


def test_both_panels_show_the_reference_and_only_the_baseline_an_outline(spec, case, tmp_path):
    worst = WorstCase(case.name, "GTVp", NOISE, baseline_dice=1.0, dice=0.0, reference_mm3=1.0)
    pictures = draw_worst_cases([worst], files_of(spec, case, tmp_path / "out"))
    (key,) = pictures
    assert key == (case.name, NOISE)
    pixels = np.asarray(Image.open(io.BytesIO(pictures[key])))
    colour = np.array([int(colours_of(spec.output.labels)[1][place : place + 2], 16) for place in (1, 3, 5)])
    outlined = (pixels == colour).all(axis=2)
    middle = pixels.shape[1] // 2
    assert outlined[:, :middle].any()
    assert not outlined[:, middle:].any()
    before, after = pixels[30:, :middle].astype(float), pixels[30:, middle:].astype(float)
    assert after.std() > 1.1 * before.std()  # noise of a quarter of the CT's range


def test_the_picture_is_the_same_again(spec, case, tmp_path):
    worst = [WorstCase(case.name, "GTVp", NOISE, baseline_dice=1.0, dice=0.0, reference_mm3=1.0)]
    files = files_of(spec, case, tmp_path / "out")
    assert draw_worst_cases(worst, files) == draw_worst_cases(worst, files)
