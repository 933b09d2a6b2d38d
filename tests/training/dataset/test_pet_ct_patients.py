from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hn_uiseg.method import Settings
from containers.hn_uiseg.spec import CT, LABELS, PET, SPEC
from hnseg.errors import InputError
from hnseg.imaging.pet_ct.channels import pet_ct_channels
from hnseg_training.dataset import pet_ct_patients
from hnseg_training.dataset.pet_ct_patients import (
    Converted,
    Method,
    check_patient,
    convert_patient,
    in_words,
    summary,
)
from hnseg_training.dataset.pet_ct_sources import Source, find_sources
from hnseg_training.dataset.work_folder import WorkFolder
from tests.support.tiny_hecktor import PATIENTS, write_source

METHOD = Method(SPEC.input(CT), SPEC.input(PET), LABELS, Settings())


@pytest.fixture
def work(tmp_path) -> WorkFolder:
    return WorkFolder.create(tmp_path / "work", challenge="hn_uiseg", dataset_id=507)


@pytest.fixture
def sources(tmp_path) -> list[Source]:
    source: Path = write_source(tmp_path / "source", patients=PATIENTS[:2])
    return list(find_sources(source, title="data").sources)


def converted(work: WorkFolder, sources: list[Source]) -> list[Converted]:
    return [convert_patient(work, source, method=METHOD, threads=1) for source in sources]


def in_bq_per_ml(source: Source) -> None:
    sitk.WriteImage(sitk.ReadImage(str(source.pet)) * 5000, str(source.pet))


def test_the_pets_state_is_a_recorded_fact_and_no_reading_of_a_note(work, sources, monkeypatch):
    def reworded(*arguments, **named):
        channels = pet_ct_channels(*arguments, **named)
        return replace(channels, notes=("CT only: a sentence that nothing may rest on.",))

    monkeypatch.setattr(pet_ct_patients, "pet_ct_channels", reworded)
    assert [patient.record["pet"] for patient in converted(work, sources)] == ["used", "used"]


def test_every_patient_has_a_file_a_channel_and_a_label_map(work, sources):
    found = converted(work, sources)
    files = sorted(path.relative_to(work.raw).as_posix() for path in work.raw.rglob("*.nii.gz"))
    assert files == [
        *(f"imagesTr/{name}_000{number}.nii.gz" for name in PATIENTS[:2] for number in (0, 1)),
        *(f"labelsTr/{name}.nii.gz" for name in PATIENTS[:2]),
    ]
    assert in_words(found) == "1 centre, PET used 2, tumours cut in none"
    assert summary(found) == {"centres": {"CHUM": 2}, "pets": {"used": 2}, "cut_by_the_crop": 0}
    assert np.isclose(found[0].record["volumes_ml"]["GTVn"], 4 * 4 * 4 * 0.32)


def test_all_files_of_a_patient_are_checked_at_once(sources):
    first, second = sources
    sitk.WriteImage(sitk.ReadImage(str(first.ct)) + 1024, str(first.ct))
    first.label_map.write_bytes(b"")
    first.pet.write_bytes(first.pet.read_bytes()[:-9])
    ct, label_map, pet = check_patient(first, method=METHOD, threads=1)
    assert "must be in Hounsfield units" in ct
    assert f"{first.label_map} can't be read" in label_map
    assert f"{first.pet} can't be read" in pet
    assert check_patient(second, method=METHOD, threads=1) == []


def test_without_a_readable_ct_the_labels_are_still_checked(sources):
    sources[0].ct.write_bytes(b"")
    sitk.WriteImage(sitk.ReadImage(str(sources[0].label_map)) * 3, str(sources[0].label_map))
    ct, label_map = check_patient(sources[0], method=METHOD, threads=1)
    assert "CT must be a readable image" in ct
    assert "also holds 3, 6" in label_map


def test_a_pet_in_other_units_is_refused_with_the_option_that_leaves_it_out(work, sources):
    in_bq_per_ml(sources[0])
    (sentence,) = check_patient(sources[0], method=METHOD, threads=1)
    assert sentence.startswith("The PET must be in SUV")
    assert sentence.endswith("--leave-out-bad-pet.")
    with pytest.raises(InputError, match=r"must be in SUV.*--leave-out-bad-pet"):
        converted(work, sources[:1])


def test_it_is_neither_checked_nor_refused_where_such_pets_are_left_out(work, sources):
    in_bq_per_ml(sources[0])
    tolerant = replace(METHOD, leave_out_bad_pet=True)
    assert check_patient(sources[0], method=tolerant, threads=1) == []
    assert convert_patient(work, sources[0], method=tolerant, threads=1).record["pet"] == "refused"
