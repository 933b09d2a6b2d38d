import pytest

from hnseg_training.trial.layout import patients_in
from hnseg_training.trial.pet_ct_layout import pet_ct_layout
from tests.support.tiny_hecktor import PATIENTS, ROOTS, paths_of, write_source


@pytest.mark.parametrize("layout", ROOTS)
def test_the_patients_of_every_edition_are_found(tmp_path, layout):
    found = patients_in(write_source(tmp_path, layout), pet_ct_layout(ct="ct-image", pet="pet-image"))
    assert [patient.name for patient in found] == list(PATIENTS)
    ct, pet, label_map = paths_of(tmp_path, "CHUM-002", layout)
    assert (found[1].images, found[1].truths) == ({"ct-image": ct, "pet-image": pet}, [label_map])


def test_a_patient_may_have_no_pet(tmp_path):
    write_source(tmp_path)
    paths_of(tmp_path, "CHUM-001")[1].unlink()
    found = patients_in(tmp_path, pet_ct_layout(ct="ct-image", pet="pet-image"))
    assert set(found[0].images) == {"ct-image"}
