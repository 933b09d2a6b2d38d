"""Sweep of the SUVmax threshold, beside the rule at single percentages."""

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import Pair
from hnseg.evaluation.recurrence.patient_score import Recurrences, score_patient
from hnseg.evaluation.recurrence.suvmax_sweep import sweep_of, sweep_patient
from hnseg.imaging.pet_ct.suvmax_volume import suvmax_volume
from tests.support.recurrence_patients import BOTH, SHAPE, as_image, label_map

REFERENCE, GTV, BRAIN = label_map(*BOTH), label_map(BOTH[0]), label_map(np.s_[6:8, :, :])
RECURRENCES = Recurrences.of(REFERENCE, name="p", core="ultimate")


@pytest.fixture
def pet():
    """Uptake on a coarser grid of its own."""
    rng = np.random.default_rng(3)
    image = as_image(rng.gamma(2.0, 2.0, (8, 8, 10)).astype(np.float32), (8.0, 8.0, 11.0))
    image.SetOrigin((-2.0, 1.0, -3.0))
    return image


@pytest.mark.parametrize("brain", [None, BRAIN], ids=["no brain", "brain"])
@pytest.mark.parametrize("percent", [1, 38, 41, 100])
def test_every_percentage_is_the_rules(pet, brain, percent):
    curve = sweep_patient(RECURRENCES, pet, GTV, brain, name="p")
    prediction = suvmax_volume(pet, GTV, percent=percent, brain=brain).label_map
    expected = score_patient(Pair("p", prediction, REFERENCE), RECURRENCES).structures["recurrence"]
    assert curve.volume_cc[percent - 1] == pytest.approx(expected["prediction_cc"])
    assert curve.dsc[percent - 1] == pytest.approx(expected["dsc"])
    assert curve.captured_by_core[percent - 1] == expected["captured_by_core"]


def test_nothing_is_predicted_outside_the_box_around_the_gtv():
    spacing_mm = (40.0, 40.0, 40.0)  # the box has 4 x 5 x 6 voxels, the image 16 x 12 x 8
    gtv = as_image(sitk.GetArrayFromImage(GTV), spacing_mm)
    reference = Recurrences.of(as_image(sitk.GetArrayFromImage(REFERENCE), spacing_mm), name="p", core="ultimate")
    curve = sweep_patient(reference, as_image(np.ones(SHAPE, np.float32), spacing_mm), gtv, None, name="p")
    assert curve.volume_cc.tolist() == [4 * 5 * 6 * 64.0] * 100  # centred on voxels 1 to 3, it lies inside the image
    assert curve.captured_by_centre.tolist() == [1] * 100


def test_the_best_percentage_has_the_largest_mean_dice():
    uptake = np.full(SHAPE, 1.0, np.float32)
    uptake[BOTH[0]], uptake[BOTH[1]] = 10, 4  # 11 to 40 % give both cubes and nothing else
    sweep = sweep_of([sweep_patient(RECURRENCES, as_image(uptake), GTV, None, name="p")] * 2, patients_with_brain=1)
    assert (sweep.best_percent, sweep.patients_with_brain, sweep.curve.patients) == (11, 1, 2)
    assert [sweep.curve.points[percent - 1].mean_dsc for percent in (11, 40, 41)] == pytest.approx([1, 1, 2 / 3])


def test_patients_without_a_recurrence_leave_the_best_to_the_others():
    none = Recurrences.of(label_map(), name="q", core="ultimate")
    uptake = as_image(np.ones(SHAPE, np.float32))
    assert sweep_of([sweep_patient(none, uptake, GTV, None, name="q")], patients_with_brain=0).best_percent == 1


def test_what_the_rule_can_not_use_is_refused_by_name(pet):
    with pytest.raises(InputError, match=r"Case p: The GTV must have at least one voxel"):
        sweep_patient(RECURRENCES, pet, label_map(), None, name="p")
    with pytest.raises(InputError, match=r"Case p: The PET must show uptake inside the GTV"):
        sweep_patient(RECURRENCES, sitk.Image(pet) * 0, GTV, None, name="p")
    with pytest.raises(InputError, match=r"The brain of case p must lie on its reference's grid"):
        sweep_patient(RECURRENCES, pet, GTV, as_image(np.zeros((2, 2, 2), np.uint8)), name="p")
