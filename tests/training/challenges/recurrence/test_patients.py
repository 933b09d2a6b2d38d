from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg_training.challenges.recurrence.patients import (
    Converted,
    check_none_refused,
    converted_patients,
    in_words,
)
from hnseg_training.challenges.recurrence.sources import find_sources
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import FINE_GRID, GRID
from tests.support.tiny_recurrence import (
    ACROSS,
    BOX,
    FAR,
    INSIDE,
    SETTINGS,
    VOXEL_ML,
    labels_of,
    write_labels,
    write_source,
)


@pytest.fixture
def source(tmp_path):
    return write_source(tmp_path / "source", ("ann", "ben"))


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    return WorkFolder.create(tmp_path / "work", challenge="recurrence", dataset_id=508)


def converted(work, source, settings=SETTINGS) -> list[Converted]:
    return list(converted_patients(work, find_sources(source), settings, workers=1))


def label_map(work, name) -> sitk.Image:
    return sitk.ReadImage(str(work.raw / "labelsTr" / f"{name}.nii.gz"))


def test_several_recurrences_become_one_label_map_in_the_box(work, source):
    ann, ben = converted(work, source)
    np.testing.assert_array_equal(array_of(label_map(work, "ann")), labels_of(INSIDE)[BOX])
    np.testing.assert_array_equal(array_of(label_map(work, "ben")), labels_of(INSIDE, ACROSS)[BOX])
    assert (ann.volume_ml, ann.lost_ml) == (pytest.approx(27 * VOXEL_ML), 0)
    assert ben.record["files_ml"] == {
        "recurrence_1.nii.gz": pytest.approx(27 * VOXEL_ML),
        "recurrence_2.nii.gz": pytest.approx(16 * VOXEL_ML),
    }


def test_what_the_box_cuts_off_is_recorded_and_summed_up(work, source):
    write_labels(source / "ann" / "recurrence.nii.gz", FAR)
    ann, ben = converted(work, source)
    assert (ann.volume_ml, ann.lost_ml) == (pytest.approx(8 * VOXEL_ML), pytest.approx(8 * VOXEL_ML))
    assert ben.lost_ml == pytest.approx(8 * VOXEL_ML)
    assert ben.record["crop"] == {"index_xyz": (14, 11, 11), "size_xyz": (10, 12, 8), "why": "the GTV"}
    # 51 and 16 voxels of 0.32 ml
    words = "recurrences of 16.3 ml; the crop cut off 5.1 ml in 2 patients, everything in 1; none without a recurrence"
    assert in_words([ann, ben]) == words


def test_a_box_beyond_the_ct_is_padded_with_background(work, source):
    settings = SETTINGS.model_copy(update={"crop_size_xyz": (60, 12, 8)})
    ann, _ = converted(work, source, settings)
    written = label_map(work, "ann")
    assert written.GetSize() == (60, 12, 8)
    assert ann.record["crop"]["size_xyz"] == (40, 12, 8)
    assert array_of(written).sum() == 27
    points = Grid.of(written).points_mm(np.argwhere(array_of(written))[:, ::-1].astype(float))
    expected = GRID.points_mm(np.argwhere(labels_of(INSIDE))[:, ::-1].astype(float))
    np.testing.assert_allclose(points, expected, atol=1e-3)


def test_recurrences_may_have_numbers_and_lie_on_another_grid(work, source):
    labels = 3 * labels_of(INSIDE).repeat(2, axis=1).repeat(2, axis=2).astype(np.int16)
    sitk.WriteImage(image_of(labels, FINE_GRID), str(source / "ann" / "recurrence.nii.gz"))
    ann, _ = converted(work, source)
    assert not ann.refused
    np.testing.assert_array_equal(array_of(label_map(work, "ann")), labels_of(INSIDE)[BOX])


def test_a_patient_may_have_no_recurrence(work, source):
    write_labels(source / "ann" / "recurrence.nii.gz")
    ann, ben = converted(work, source)
    assert not array_of(label_map(work, "ann")).any()
    assert in_words([ann, ben]).endswith("; 1 without a recurrence")


def values_of(source, values) -> None:
    sitk.WriteImage(image_of(values, GRID), str(source / "ann" / "recurrence.nii.gz"))


def test_a_recurrence_beside_the_ct_is_refused(work, source):
    write_labels(source / "ann" / "recurrence.nii.gz", INSIDE, grid=replace(GRID, origin_mm=(900.0, 0.0, 0.0)))
    assert "none of the 8.64 ml in" in converted(work, source)[0].refused


@pytest.mark.parametrize("values", [np.linspace(0, 1, labels_of().size), np.full(labels_of().size, -1000.0)])
def test_an_image_in_place_of_a_label_map_is_refused(work, source, values):
    values_of(source, values.reshape(GRID.shape_zyx).astype(np.float32))
    ann, ben = converted(work, source)
    assert "must hold whole numbers from 0, but" in ann.refused
    assert not ben.refused
    assert not (work.raw / "labelsTr" / "ann.nii.gz").exists()


def test_the_container_s_own_sentences_refuse_a_patient(work, source):
    write_labels(source / "ann" / "gtv.nii.gz")
    write_labels(source / "ben" / "gtv.nii.gz", INSIDE, grid=replace(GRID, origin_mm=(0.0, 0.0, 0.0)))
    ann, ben = converted(work, source)
    assert "The GTV must have at least one voxel" in ann.refused
    assert "The label map of the GTV must lie on the grid of the CT" in ben.refused


def test_refused_patients_are_named_together():
    patients = [Converted("ann", refused="It is empty."), Converted("ben"), Converted("cid", refused="It is a CT.")]
    with pytest.raises(InputError, match=r"2 of 3 are not: ann, cid\. The first: It is empty\. Nothing was converted"):
        check_none_refused(patients)
    check_none_refused(patients[1:2])
