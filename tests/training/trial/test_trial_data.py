import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.method import Settings
from containers.han_seg.spec import CT, SPEC, T1
from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid
from hnseg.rehearsal.cases import find_cases, first_image
from hnseg_training.challenges.han_seg.convert import convert
from hnseg_training.challenges.han_seg.trial import TRIAL
from hnseg_training.trial.layout import patients_in
from hnseg_training.trial.trial_data import link_patients, write_cases
from tests.support.tiny_han_seg import GRID, ORGANS, write_source


@pytest.fixture
def patients(tmp_path):
    return patients_in(write_source(tmp_path / "source"), TRIAL.layout)


def test_links_keep_the_public_layout(patients, tmp_path):
    link_patients(patients[:2], tmp_path / "source", tmp_path / "data")
    linked = patients_in(tmp_path / "data", TRIAL.layout)
    assert [patient.name for patient in linked] == ["case_01", "case_02"]
    assert all(path.is_symlink() for patient in linked for path in patient.files)
    assert linked[0].images[CT].read_bytes() == patients[0].images[CT].read_bytes()


def test_a_folder_that_can_t_hold_them_is_refused(patients, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(OutputError, match="must hold links to the patients' files, but one can't be made"):
        link_patients(patients, tmp_path / "source", tmp_path / "data")


def test_cases_hold_the_images_and_the_label_map_on_their_grid(patients, tmp_path):
    work = convert(tmp_path / "source", tmp_path / "work", settings=Settings())
    (folder,) = write_cases(patients[2:3], work, SPEC, tmp_path / "cases")
    (case,) = find_cases([folder])
    for slug in (CT, T1):
        image = sitk.ReadImage(str(first_image(case.input_dir / SPEC.input(slug).relative_path)))
        assert np.array_equal(
            sitk.GetArrayFromImage(image), sitk.GetArrayFromImage(sitk.ReadImage(str(patients[2].images[slug])))
        )
    expected = sitk.ReadImage(str(case.reference(SPEC.output.relative_path)))
    assert Grid.of(expected).matches(GRID)
    labels = sitk.GetArrayFromImage(expected)
    z, y, x = ORGANS["Eye_PR"]
    value = next(value for value, name in SPEC.output.labels.items() if name == "Eye_PR")
    assert (labels[z, y, x.start + 2 : x.stop + 2] == value).all()  # the third patient lies two voxels further along x
    assert set(np.unique(labels)) <= {0, *SPEC.output.labels}  # not the voxels that training ignores
