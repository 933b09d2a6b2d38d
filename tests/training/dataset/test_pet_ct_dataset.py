"""Data set of PET/CT patients: what training takes over beside the samples."""

import json

import pytest

from containers.hn_uiseg.method import Settings
from containers.hn_uiseg.spec import CT, LABELS, PET, SPEC
from hnseg_training.dataset.pet_ct_dataset import PetCtDataset, patients_of, write_pet_ct_dataset
from hnseg_training.dataset.pet_ct_patients import Method
from hnseg_training.dataset.pet_ct_sources import find_sources
from tests.support.tiny_hecktor import PATIENTS, write_source


@pytest.mark.parametrize("pet_channel", [True, False])
def test_settings_augmentation_folds_and_record_lie_beside_the_samples(tmp_path, pet_channel):
    sources = find_sources(write_source(tmp_path / "source", patients=PATIENTS[:2]), title="data")
    settings = Settings(pet_channel=pet_channel)
    method = Method(SPEC.input(CT), SPEC.input(PET), LABELS, settings)
    dataset = PetCtDataset("hn_uiseg", "A title", 507, method, {"source": "somewhere"})
    folds = [{"train": [PATIENTS[0]], "val": [PATIENTS[1]]}]

    work = write_pet_ct_dataset(dataset, sources, folds, tmp_path / "work")

    def read(path):
        return json.loads(path.read_text())

    assert read(work.raw / "dataset.json")["name"] == "A title"
    assert len(read(work.raw / "dataset.json")["channel_names"]) == 1 + pet_channel
    assert Settings.model_validate(read(work.raw / "method.json")) == settings
    assert len(read(work.raw / "augmentation.json")["dropouts"]) == pet_channel
    record = read(work.raw / "conversion.json")
    assert (record["source"], sorted(record["patients"])) == ("somewhere", sorted(PATIENTS[:2]))
    assert read(work.preprocessed / "splits_final.json") == folds


def test_a_patient_is_a_sample_of_its_centre(tmp_path):
    sources = find_sources(write_source(tmp_path / "source", patients=PATIENTS[:2]), title="data")
    assert [(patient.name, patient.centre) for patient in patients_of(sources)] == [
        (name, "CHUM") for name in PATIENTS[:2]
    ]
