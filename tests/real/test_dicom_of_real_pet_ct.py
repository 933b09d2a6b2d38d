"""Real PET/CT written as DICOM with vendors' quirks, through `hnseg run --dicom` and back onto the CT."""

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hecktor.spec import CT, PET, SPEC
from hnseg.dicom.inputs.case import choose_case, write_case
from hnseg.imaging.geometry import Grid, array_of, image_of
from tests.support.dicom_case import labels_in, save_names, write_pet_ct
from tests.support.planted_identifiers import PLANTED
from tests.support.real_data import needs_real_data, real_data_dir
from tests.support.small_challenges import HECKTOR

pytestmark = needs_real_data("petctmr_sts")
PATIENTS = ("STS_001", "STS_032")


def read(patient, name):
    return sitk.ReadImage(str(real_data_dir() / "petctmr_sts" / patient / f"{name}.nii.gz"))


def whole(image):
    """Return a CT whose values are whole numbers, as a scanner has them."""
    return image_of(np.rint(array_of(image)).astype(np.int16), Grid.of(image))


@pytest.mark.parametrize("patient", PATIENTS)
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"DecayCorrection": "ADMIN"},
        {"SeriesTime": "180000"},  # a series that was made in the evening
    ],
    ids=["start", "admin", "made later"],
)
def test_real_images_come_back(patient, values, tmp_path):
    ct, pet = whole(read(patient, "CT_image")), sitk.Cast(read(patient, "PET_image"), sitk.sitkFloat64)
    write_pet_ct(tmp_path / "dicom", ct=ct, pet=pet, **values)
    files = write_case(choose_case(SPEC, tmp_path / "dicom"), tmp_path / "input")
    found_ct, found_pet = (sitk.ReadImage(str(files[slug])) for slug in (CT, PET))
    np.testing.assert_array_equal(array_of(found_ct), array_of(ct))
    assert Grid.of(found_ct).is_close_to(Grid.of(ct))
    assert Grid.of(found_pet).is_close_to(Grid.of(pet))
    expected = array_of(pet) * (2 ** (-3600 / 6586.2) if values.get("DecayCorrection") == "ADMIN" else 1)
    np.testing.assert_allclose(array_of(found_pet), expected, atol=expected.max() / 32767)


def test_the_whole_way_is_the_label_map(hnseg, tmp_path, quick_model):
    ct = whole(read("STS_001", "CT_image"))
    study = write_pet_ct(tmp_path / "dicom", ct=ct, pet=sitk.Cast(read("STS_001", "PET_image"), sitk.sitkFloat64))
    out, model = tmp_path / "out", quick_model(HECKTOR)
    status, printed = hnseg("run", HECKTOR.container_dir, "--dicom", study, "--output", out, "--model", model)
    assert status == 0, printed.err
    assert not [name for name in PLANTED if name in printed.out + printed.err]
    labels = labels_in(out / HECKTOR.output_file)
    names = {int(label): {1: "GTVp", 2: "GTVn"}[label] for label in np.unique(labels) if label}
    assert names
    listed = save_names(tmp_path / "names.json", names)
    on_ct = ["--series", study, "--series-number", 2, "--names", listed, "--output"]
    assert hnseg("rtstruct", "write", out / HECKTOR.output_file, *on_ct, tmp_path / "rs.dcm")[0] == 0
    assert hnseg("rtstruct", "read", tmp_path / "rs.dcm", *on_ct, tmp_path / "back.mha")[0] == 0
    np.testing.assert_array_equal(labels_in(tmp_path / "back.mha"), labels)
