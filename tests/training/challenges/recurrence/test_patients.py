from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg_training.challenges.recurrence.patients import (
    Converted,
    check_patient,
    convert_patient,
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
    sources = find_sources(source).sources
    return [convert_patient(work, one, settings=settings, threads=1) for one in sources]


def checked(source) -> list[list[str]]:
    return [check_patient(one, settings=SETTINGS, threads=1) for one in find_sources(source).sources]


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
    words = "16.3 ml; 5.1 ml cut in 2, all in 1; 0 without a recurrence"
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
    converted(work, source)
    assert checked(source)[0] == []
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
    (sentence,) = checked(source)[0]
    assert "none of the 8.64 ml in" in sentence
    with pytest.raises(InputError, match=r"none of the 8\.64 ml in"):
        converted(work, source)


@pytest.mark.parametrize("values", [np.linspace(0, 1, labels_of().size), np.full(labels_of().size, -1000.0)])
def test_an_image_in_place_of_a_label_map_is_refused(work, source, values):
    values_of(source, values.reshape(GRID.shape_zyx).astype(np.float32))
    (sentence,), ben = checked(source)
    assert "must hold whole numbers from 0, but" in sentence
    assert ben == []
    with pytest.raises(InputError, match="must hold whole numbers from 0, but"):
        converted(work, source)
    assert not (work.raw / "labelsTr" / "ann.nii.gz").exists()


def test_the_container_s_own_sentences_refuse_a_patient(source):
    write_labels(source / "ann" / "gtv.nii.gz")
    write_labels(source / "ben" / "gtv.nii.gz", INSIDE, grid=replace(GRID, origin_mm=(0.0, 0.0, 0.0)))
    (ann,), (ben,) = checked(source)
    assert "The GTV must have at least one voxel" in ann
    assert "The label map of the GTV must lie on the grid of the CT" in ben


def test_the_recurrences_are_checked_where_the_case_is_refused_too(source):
    write_labels(source / "ben" / "gtv.nii.gz")
    (source / "ben" / "recurrence_2.nii.gz").write_bytes(b"")
    gtv, recurrence = checked(source)[1]
    assert "The GTV must have at least one voxel" in gtv
    assert "recurrence_2.nii.gz can't be read" in recurrence
