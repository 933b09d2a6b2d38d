import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.method import Settings
from containers.han_seg.spec import LABELS
from hnseg.imaging.geometry import Grid
from hnseg_training.challenges.han_seg.patients import ORDER, check_patient, convert_patient
from hnseg_training.challenges.han_seg.sources import find_sources
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_han_seg import GRID, ORGANS, write_mask, write_patient


@pytest.fixture
def folder(tmp_path):
    write_patient(tmp_path / "source" / "case_01", shift=0)
    return tmp_path / "source" / "case_01"


def source_in(folder):
    (source,) = find_sources(folder.parent).sources
    return source


def test_the_order_has_every_organ_once():
    assert sorted(ORDER) == sorted(LABELS.values())


def test_good_files_have_no_problem(folder):
    assert not check_patient(source_in(folder))


def test_every_file_is_looked_at(folder):
    for name in ("IMG_CT", "IMG_MR_T1"):
        path = folder / f"case_01_{name}.nrrd"
        path.write_bytes(path.read_bytes()[:-100])
    assert ["_CT.nrrd" in one or "_T1.nrrd" in one for one in check_patient(source_in(folder))] == [True, True]


def test_every_mask_is_looked_at(folder):
    write_mask(folder / "case_01_OAR_Eye_PR.seg.nrrd", np.full(GRID.shape_zyx, 2, np.uint8))
    cropped = Grid((20, 36, 20), GRID.spacing_mm, GRID.origin_mm, GRID.direction)
    write_mask(folder / "case_01_OAR_Eye_PL.seg.nrrd", np.ones(cropped.shape_zyx, np.uint8), cropped)
    on_grid, values = check_patient(source_in(folder))
    assert "Eye_PL.seg.nrrd must lie on the grid of case_01_IMG_CT.nrrd, but it has size" in on_grid
    assert "must hold only 0, 1 (Eye_PR), but" in values


def test_a_patient_is_written_with_the_facts(folder, tmp_path):
    work = WorkFolder.create(tmp_path / "work", challenge="han_seg", dataset_id=505)
    facts = convert_patient(work, source_in(folder), settings=Settings(mr_channel=False), threads=1)
    assert sorted(facts.boxes) == sorted(ORGANS)
    assert len(facts.organs_without_mask) == len(LABELS) - len(ORGANS)
    assert not facts.lacks_mr
    assert type(facts).model_validate(facts.model_dump(mode="json")) == facts  # as it comes back from a state
    assert sitk.ReadImage(str(work.raw / "labelsTr" / "case_01.nii.gz")).GetSize() == GRID.size_xyz
