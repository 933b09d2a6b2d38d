import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.spec import LABELS
from hnseg.imaging.box import BoxMm
from hnseg.imaging.geometry import Grid, image_of
from hnseg_training.challenges.han_seg.patients import Converted
from hnseg_training.challenges.han_seg.unknown_voxels import ignore_unknown_voxels
from hnseg_training.dataset.conversion.patient_state import PatientState
from hnseg_training.dataset.conversion.unfinished import Unfinished
from hnseg_training.dataset.work_folder import WorkFolder

GRID = Grid((60, 60, 60), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
IGNORE = max(LABELS) + 1
BRAINSTEM = BoxMm.between((10.0, 10.0, 10.0), (20.0, 20.0, 20.0))
PITUITARY = BoxMm.between((30.0, 30.0, 30.0), (34.0, 34.0, 34.0))


def patient(name, *, lacks=()):
    boxes = {"Brainstem": BRAINSTEM, "Pituitary": PITUITARY}
    record = {"missing_organs": list(lacks), "empty_masks": []}
    return Converted(name=name, boxes={n: b for n, b in boxes.items() if n not in lacks}, record=record, lacks_mr=False)


@pytest.fixture
def unfinished(tmp_path):
    """Data set with one finished patient, whose label map is background with a brainstem."""
    made = Unfinished(WorkFolder.create(tmp_path, challenge="han_seg", dataset_id=505))
    labels = np.zeros(GRID.shape_zyx, np.uint8)
    labels[10:20, 10:20, 10:20] = 1
    with made.held():
        with made.making() as provisional:
            sitk.WriteImage(image_of(labels, GRID), str(provisional.raw / "labelsTr" / "a.nii.gz"))
            state = PatientState(patient="a", recipe_sha256="", inputs={}, outputs={}, facts={})
            made.publish(state, provisional)
        yield made


def ignored_in(unfinished):
    file = unfinished.work.raw / "labelsTr" / "a.nii.gz"
    assert unfinished.state("a").outputs == {"labelsTr/a.nii.gz": file.stat().st_size}
    return sitk.GetArrayFromImage(sitk.ReadImage(str(file))) == IGNORE


def test_background_is_ignored_where_the_organ_lies_in_others_and_a_second_time_the_same(unfinished):
    lacking, other = patient("a", lacks=["Pituitary"]), patient("b")
    counts = ignore_unknown_voxels(unfinished, lacking, [lacking, other])
    first = ignored_in(unfinished)
    assert first[32, 32, 32]
    assert counts == {"Pituitary": first.sum()}
    assert ignore_unknown_voxels(unfinished, lacking, [lacking, other]) == counts
    assert (ignored_in(unfinished) == first).all()


def test_where_the_others_are_gone_nothing_is_ignored_any_more(unfinished):
    lacking, other = patient("a", lacks=["Pituitary"]), patient("b")
    ignore_unknown_voxels(unfinished, lacking, [lacking, other])
    assert ignore_unknown_voxels(unfinished, lacking, [lacking]) == {"Pituitary": 0}
    assert not ignored_in(unfinished).any()


def test_a_complete_patient_is_left_alone(unfinished):
    assert ignore_unknown_voxels(unfinished, patient("a"), [patient("a"), patient("b")]) == {}
