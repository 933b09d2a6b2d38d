import json

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hn_uiseg.method import Settings, prepare
from containers.hn_uiseg.spec import CT, PET
from hnseg.errors import InputError
from hnseg.imaging.geometry import array_of
from hnseg.platform.case import Case
from hnseg_training.challenges.hn_uiseg.convert import Options, convert
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import PATIENTS, labels_of, paths_of, write_source


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """PET/CT in one folder, CT alone in another."""
    with_pet = write_source(tmp_path_factory.mktemp("with_pet"), patients=PATIENTS[:3])
    without = write_source(tmp_path_factory.mktemp("without"), layout="2022", patients=PATIENTS[3:])
    for name in PATIENTS[3:]:
        paths_of(without, name, "2022")[1].unlink()
    return with_pet, without


@pytest.fixture(scope="module")
def work(folders, tmp_path_factory) -> WorkFolder:
    return convert(folders, tmp_path_factory.mktemp("work"), settings=Settings())


def content(work: WorkFolder, name: str) -> dict:
    return json.loads((work.raw / name).read_text())


def channel(work: WorkFolder, patient: str, number: int) -> np.ndarray:
    return array_of(sitk.ReadImage(str(work.raw / "imagesTr" / f"{patient}_{number:04d}.nii.gz")))


def test_patients_with_and_without_a_pet_are_one_data_set(work):
    assert content(work, "dataset.json")["numTraining"] == 5
    pets = {name: record["pet"] for name, record in content(work, "conversion.json")["patients"].items()}
    assert pets == {**dict.fromkeys(PATIENTS[:3], "used"), **dict.fromkeys(PATIENTS[3:], "missing")}
    assert not channel(work, PATIENTS[4], 1).any()
    np.testing.assert_array_equal(
        array_of(sitk.ReadImage(str(work.raw / "labelsTr" / f"{PATIENTS[4]}.nii.gz"))), labels_of(PATIENTS[4])
    )


def test_the_channels_are_those_of_the_container_without_clicks(work, folders):
    ct_path, pet_path, _ = paths_of(folders[0], PATIENTS[1])
    ct, pet = sitk.ReadImage(str(ct_path)), sitk.ReadImage(str(pet_path))
    expected = prepare(Case({CT: ct, PET: pet}, ct, {}), Settings())
    for number in (0, 1):
        np.testing.assert_array_equal(channel(work, PATIENTS[1], number), expected.array[number])
    assert content(work, "dataset.json")["channel_names"] == {"0": "CT", "1": "noNorm"}
    assert content(work, "method.json") == Settings().model_dump(mode="json")


def test_a_quarter_of_the_patches_has_no_pet_and_all_axes_are_mirrored(work):
    assert content(work, "augmentation.json") == {
        "unmirrored_axes": [],
        "dropouts": [{"channel": 1, "whole": 0.25, "truncated": 0.0}],
        "perturbations": None,
    }


def test_a_patient_in_two_folders_is_refused(folders, tmp_path):
    with pytest.raises(InputError, match=r"3 of 3 patients.*\n  CHUM-001: Patients must have different names"):
        convert([folders[0], folders[0]], tmp_path / "work", settings=Settings())


def test_a_pet_that_can_not_be_used_is_left_out_only_on_request(tmp_path):
    source = write_source(tmp_path / "source")
    path = paths_of(source, PATIENTS[0])[1]
    sitk.WriteImage(sitk.ReadImage(str(path)) * 5000, str(path))
    with pytest.raises(InputError, match=r"1 of 5 patients; .*\n  CHUM-001: The PET must be in SUV"):
        convert([source], tmp_path / "refused", settings=Settings())
    work = convert([source], tmp_path / "work", settings=Settings(), options=Options(leave_out_bad_pet=True))
    assert content(work, "conversion.json")["patients"][PATIENTS[0]]["pet"] == "refused"
