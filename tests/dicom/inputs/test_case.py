import logging

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hecktor.spec import CT, PET
from containers.hecktor.spec import SPEC as HECKTOR
from containers.recurrence.spec import GTV
from containers.recurrence.spec import SPEC as RECURRENCE
from hnseg.dicom.inputs.case import choose_case, write_case
from hnseg.errors import InputError
from hnseg.imaging.geometry import Grid, array_of
from hnseg.platform.reading import read_case
from tests.support.dicom_case import labels_in, write_pet_ct, write_structures_on_ct
from tests.support.planted_identifiers import PLANTED
from tests.support.small_hecktor import CT_GRID, PET_GRID, small_ct, small_pet


@pytest.fixture
def study(tmp_path):
    return write_pet_ct(tmp_path / "dicom")


def test_the_images_are_those_that_the_series_were_made_of(study, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    files = write_case(choose_case(HECKTOR, study), tmp_path / "input")
    assert set(files) == {CT, PET}
    case = read_case(HECKTOR, tmp_path / "input")
    np.testing.assert_array_equal(array_of(case.images[CT]), array_of(small_ct()))
    assert Grid.of(case.images[CT]).is_close_to(CT_GRID)
    pet = array_of(small_pet())
    np.testing.assert_allclose(array_of(case.images[PET]), pet, atol=pet.max() / 32767)  # a step of 16 bits
    assert Grid.of(case.images[PET]).is_close_to(PET_GRID)
    assert "PET: series 3 (series number 5, axial" in caplog.text
    assert "SUV from Bq/ml, decay corrected to the scan (START)" in caplog.text
    assert not [name for name in PLANTED if name in caplog.text]


def test_a_structure_of_the_labels_very_name_is_taken(study, tmp_path):
    expected = write_structures_on_ct(study, {1: "GTV", 2: "Node"})
    case = choose_case(RECURRENCE, study)
    write_case(case, tmp_path / "input")
    np.testing.assert_array_equal(
        labels_in(tmp_path / "input/images/gtv-segmentation/image.mha"), array_of(expected) == 1
    )
    assert case.reference.modality == "CT"


@pytest.mark.parametrize("word", ["GTV=GTV_prim", "GTV=1", "gtv-segmentation:GTV=GTV_prim"])
def test_a_structure_is_taken_by_name_or_number(study, tmp_path, word):
    expected = write_structures_on_ct(study, {1: "GTV_prim", 2: "gtv"})
    write_case(choose_case(RECURRENCE, study, structures=[word]), tmp_path / "input")
    np.testing.assert_array_equal(
        labels_in(tmp_path / "input/images/gtv-segmentation/image.mha"), array_of(expected) == 1
    )


def test_a_synonym_is_asked_and_not_guessed(study):
    write_structures_on_ct(study, {1: "gtv", 2: "Node"})
    with pytest.raises(InputError, match=r"Is this one meant: 1 gtv\? .*: --roi GTV=NAME$"):
        choose_case(RECURRENCE, study)


def test_without_a_structure_set_it_says_so_unless_the_label_map_is_given(study, tmp_path):
    with pytest.raises(InputError, match=r"must be in a structure set \(RTSTRUCT\) drawn on series 2, but"):
        choose_case(RECURRENCE, study)
    given = tmp_path / "given"
    (given / "images" / GTV).mkdir(parents=True)
    sitk.WriteImage(sitk.Cast(small_ct() > 0, sitk.sitkUInt8), str(given / "images" / GTV / "gtv.mha"))
    case = choose_case(RECURRENCE, study, given=given)
    files = write_case(case, tmp_path / "input", given=given)
    assert set(files) == {CT, PET}
    assert read_case(RECURRENCE, tmp_path / "input").images[GTV].GetSize() == CT_GRID.size_xyz


def test_of_two_structure_sets_the_number_is_asked(study):
    write_structures_on_ct(study, {1: "GTV"})
    (study / "rs.dcm").rename(study / "rs1.dcm")
    write_structures_on_ct(study, {1: "GTV"})
    asked = r"but 2 of .* Give one of --series gtv-segmentation=4 or --series gtv-segmentation=5"
    with pytest.raises(InputError, match=asked):
        choose_case(RECURRENCE, study)
    found = choose_case(RECURRENCE, study, series=["gtv-segmentation=5"]).structures[GTV]
    assert found.path.name == "rs1.dcm"


def test_an_input_that_is_given_twice_is_refused(study, tmp_path):
    (tmp_path / "given/images/ct").mkdir(parents=True)
    sitk.WriteImage(small_ct(), str(tmp_path / "given/images/ct/ct.mha"))
    with pytest.raises(InputError, match="Each input must be given once, but ct-image is asked for"):
        choose_case(HECKTOR, study, series=["ct=2"], given=tmp_path / "given")
    case = choose_case(HECKTOR, study, given=tmp_path / "given")
    assert set(case.chosen) == {PET}
    with pytest.raises(InputError, match="The CT must be a DICOM series to write DICOM"):
        _ = case.reference
