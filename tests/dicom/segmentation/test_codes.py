"""Codes of structures."""

import pytest
from pydicom.sr.codedict import codes

from containers.han_seg.spec import LABELS
from hnseg.dicom.segmentation.codes import codes_of

OF_DICOM = {
    "A_Carotid_R": codes.SCT.CarotidArtery,
    "Bone_Mandible": codes.SCT.Mandible,
    "Brainstem": codes.SCT.BrainStem,
    "BuccalMucosa": codes.SCT.BuccalMucosa,
    "Cavity_Oral": codes.SCT.OralCavity,
    "Esophagus_S": codes.SCT.Esophagus,
    "Eye_AL": codes.SCT.Eye,
    "Glnd_Lacrimal_L": codes.SCT.LacrimalGland,
    "Glnd_Submand_R": codes.SCT.SubmandibularGland,
    "Glnd_Thyroid": codes.SCT.Thyroid,
    "Glottis": codes.SCT.Glottis,
    "Larynx_SG": codes.SCT.Larynx,
    "Lips": codes.SCT.Lip,
    "OpticChiasm": codes.SCT.OpticChiasm,
    "OpticNrv_R": codes.SCT.OpticNerve,
    "Parotid_L": codes.SCT.ParotidGland,
    "Pituitary": codes.SCT.Pituitary,
    "SpinalCord": codes.SCT.SpinalCord,
    "GTVp": codes.SCT.MalignantNeoplasmPrimary,
    "GTVn": codes.SCT.NeoplasmSecondary,
    "recurrence": codes.SCT.Neoplasm,
}
WITHOUT_CODE = {"Arytenoid", "Cochlea", "Cricopharyngeus"}


@pytest.mark.parametrize("name", OF_DICOM)
def test_a_structure_has_the_code_of_dicom_s_context_groups(name):
    assert codes_of(name).kind.value == OF_DICOM[name].value


def test_of_han_seg_s_organs_those_that_dicom_has_no_code_for_are_anatomical_structures():
    general = {name for name in LABELS.values() if codes_of(name).kind == codes.SCT.AnatomicalStructure}
    assert {name.removesuffix("_L").removesuffix("_R") for name in general} == WITHOUT_CODE


@pytest.mark.parametrize(
    ("name", "side"),
    [("Parotid_L", "Left"), ("Eye_AR", "Right"), ("Eye_PL", "Left"), ("Brainstem", None), ("GTVn_R", None)],
)
def test_the_side_is_that_of_the_name(name, side):
    found = codes_of(name).side
    assert (found.meaning if found else None) == side


def test_a_name_that_only_begins_as_a_target_s_is_none():
    assert codes_of("recurrences").category == codes.SCT.AnatomicalStructure
