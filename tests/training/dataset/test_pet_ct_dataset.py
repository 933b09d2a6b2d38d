"""Data set of PET/CT patients: what training takes over beside the samples."""

import json
import logging

import pytest

from containers.hn_uiseg.method import Settings
from containers.hn_uiseg.spec import CT, LABELS, PET, SPEC
from hnseg_training.dataset.conversion.request import Request
from hnseg_training.dataset.pet_ct_dataset import PetCtDataset, convert_pet_ct, patients_of
from hnseg_training.dataset.pet_ct_patients import Method
from hnseg_training.dataset.pet_ct_sources import find_sources
from tests.support.tiny_hecktor import PATIENTS, write_source

FOLDS = [{"train": [PATIENTS[0]], "val": [PATIENTS[1]]}]


@pytest.fixture
def finding(tmp_path):
    return find_sources(write_source(tmp_path / "source", patients=PATIENTS[:2]), title="data")


def dataset(settings=None, folds=FOLDS) -> PetCtDataset:
    method = Method(SPEC.input(CT), SPEC.input(PET), LABELS, settings or Settings())
    return PetCtDataset("hn_uiseg", "A title", method, {"source": "somewhere"}, lambda _: folds)


@pytest.mark.parametrize("pet_channel", [True, False])
def test_settings_augmentation_folds_and_record_lie_beside_the_samples(tmp_path, finding, pet_channel):
    settings = Settings(pet_channel=pet_channel)

    work = convert_pet_ct(dataset(settings), finding, Request(tmp_path / "work", 507))

    def read(path):
        return json.loads(path.read_text())

    assert read(work.raw / "dataset.json")["name"] == "A title"
    assert len(read(work.raw / "dataset.json")["channel_names"]) == 1 + pet_channel
    assert Settings.model_validate(read(work.raw / "method.json")) == settings
    assert len(read(work.raw / "augmentation.json")["dropouts"]) == pet_channel
    record = read(work.raw / "conversion.json")
    assert (record["source"], sorted(record["patients"])) == ("somewhere", sorted(PATIENTS[:2]))
    assert (record["left_out"], record["centres"]) == ([], {"CHUM": 2})
    assert record["notes"] == ["The patients lie in hecktor2026_training."]
    assert read(work.preprocessed / "splits_final.json") == FOLDS


def test_finished_patients_are_kept_and_only_the_changed_one_is_done_again(tmp_path, finding, caplog):
    caplog.set_level(logging.INFO)
    request = Request(tmp_path / "work", 507)
    with pytest.raises(TypeError):  # folds that no file can hold: both patients are converted by then
        convert_pet_ct(dataset(folds={"a set"}), finding, request)
    finding.sources[0].label_map.touch()
    caplog.clear()
    work = convert_pet_ct(dataset(), finding, request)
    assert "1 of 2 patients were finished before" in caplog.text
    assert "1 finished patients are converted again: the input files changed" in caplog.text
    assert len(list((work.raw / "labelsTr").iterdir())) == 2


def test_the_last_line_fits_a_screen(tmp_path, finding, caplog):
    caplog.set_level(logging.INFO)
    convert_pet_ct(dataset(), finding, Request(tmp_path / "work", 507))
    assert caplog.messages[-1] == "converted 2 patients, 1 folds; 1 centre, PET used 2, tumours cut in none"


def test_a_patient_is_a_sample_of_its_centre(finding):
    assert [(patient.name, patient.centre) for patient in patients_of(finding.sources)] == [
        (name, "CHUM") for name in PATIENTS[:2]
    ]
