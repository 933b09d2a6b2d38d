from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from containers.hn_uiseg.method import Settings
from containers.hn_uiseg.spec import CT, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.imaging.pet_ct.channels import pet_ct_channels
from hnseg_training.dataset import pet_ct_patients
from hnseg_training.dataset.pet_ct_patients import Converted, Method, check_pets, converted_patients, in_words
from hnseg_training.dataset.pet_ct_sources import find_sources
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import PATIENTS, write_source


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    return WorkFolder.create(tmp_path / "work", challenge="hn_uiseg", dataset_id=507)


def converted(work: WorkFolder, source: Path) -> list[Converted]:
    method = Method(SPEC.input(CT), SPEC.input(PET), LABELS, Settings())
    return list(converted_patients(work, find_sources(source, title="data")[:2], method, workers=1))


def test_the_pets_state_is_a_recorded_fact_and_no_reading_of_a_note(work, tmp_path, monkeypatch):
    def reworded(*arguments, **named):
        channels = pet_ct_channels(*arguments, **named)
        return replace(channels, notes=("CT only: a sentence that nothing may rest on.",))

    monkeypatch.setattr(pet_ct_patients, "pet_ct_channels", reworded)
    found = converted(work, write_source(tmp_path / "source", patients=PATIENTS[:2]))
    assert [patient.record["pet"] for patient in found] == ["used", "used"]


def test_every_patient_has_a_file_a_channel_and_a_label_map(work, tmp_path):
    found = converted(work, write_source(tmp_path / "source", patients=PATIENTS[:2]))
    files = sorted(path.relative_to(work.raw).as_posix() for path in work.raw.rglob("*.nii.gz"))
    assert files == [
        *(f"imagesTr/{name}_000{number}.nii.gz" for name in PATIENTS[:2] for number in (0, 1)),
        *(f"labelsTr/{name}.nii.gz" for name in PATIENTS[:2]),
    ]
    assert (
        in_words(found)
        == "centres CHUM 2; PET used 2; the crop lost parts of the tumours of no patients (see conversion.json)"
    )
    assert np.isclose(found[0].record["volumes_ml"]["GTVn"], 4 * 4 * 4 * 0.32)


def test_patients_whose_pet_is_refused_are_named_together():
    patients = [Converted("A", {}, "It is in Bq/ml."), Converted("B", {}), Converted("C", {}, "It is empty.")]
    with pytest.raises(InputError, match=r"2 of 3 are not: A, C\. The first: It is in Bq/ml\."):
        check_pets(patients)
    check_pets(patients[1:2])
