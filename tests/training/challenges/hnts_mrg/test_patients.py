import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.method import Settings
from hnseg.imaging.geometry import image_of
from hnseg_training.challenges.hnts_mrg.patients import check_patient, convert_patient
from hnseg_training.challenges.hnts_mrg.sources import find_sources
from hnseg_training.dataset.work_folder import WorkFolder
from tests.training.conftest import GRID, write_patient


@pytest.fixture
def folder(tmp_path):
    write_patient(tmp_path / "source" / "5", rng=np.random.default_rng(5))
    return tmp_path / "source" / "5"


def source_in(folder):
    (source,) = find_sources(folder.parent).sources
    return source


def test_good_files_have_no_problem(folder):
    assert not check_patient(source_in(folder))


def test_every_file_is_looked_at(folder):
    image = folder / "preRT/5_preRT_T2.nii.gz"
    image.write_bytes(image.read_bytes()[:-100])
    path = folder / "midRT/5_midRT_mask.nii.gz"
    sitk.WriteImage(image_of(np.full(GRID.shape_zyx, 3, np.uint8), GRID), str(path))
    moved = sitk.ReadImage(str(folder / "midRT/5_preRT_mask_registered.nii.gz"))
    moved.SetSpacing((2.0, 2.0, 3.5))
    sitk.WriteImage(moved, str(folder / "midRT/5_preRT_mask_registered.nii.gz"))
    grid, values, cut = check_patient(source_in(folder))
    assert "5_preRT_mask_registered.nii.gz must lie on the grid of its T2w 5_midRT_T2.nii.gz" in grid
    assert "must hold only 0, 1 (GTVp), 2 (GTVn)" in values
    assert "5_preRT_T2.nii.gz can't be read" in cut


def test_an_empty_mask_is_a_fact(folder, tmp_path):
    path = folder / "midRT/5_midRT_mask.nii.gz"
    sitk.WriteImage(image_of(np.zeros(GRID.shape_zyx, np.uint8), GRID), str(path))
    work = WorkFolder.create(tmp_path / "work", challenge="hnts_mrg", dataset_id=504)
    facts = convert_patient(work, source_in(folder), settings=Settings(), seed=42, threads=1)
    assert facts.empty_masks == ["5_midRT_mask.nii.gz"]
    assert sorted(path.name for path in (work.raw / "labelsTr").iterdir()) == ["5.nii.gz", "5pre.nii.gz"]
