"""Conversion of real PET/CT, laid out as HECKTOR's of 2022 in folders that a release and an archive name."""

import json
from pathlib import Path

import pytest
import SimpleITK as sitk

from containers.hecktor.method import SETTINGS
from hnseg.errors import InputError
from hnseg_training.challenges.hecktor.convert import Options, convert
from tests.support.real_data import needs_real_data, real_data_dir

PATIENTS = sorted((real_data_dir() / "petctmr_sts").glob("STS_*"))[::5]
ROOT = Path("HECKTOR 2022", "hecktor2022_training", "hecktor2022_training")

pytestmark = needs_real_data("petctmr_sts")


@pytest.fixture
def source(tmp_path) -> Path:
    """Return a folder with links to four patients of sarcoma, and a table as spreadsheets save it."""
    root = tmp_path / "source" / ROOT
    for folder in ("imagesTr", "labelsTr"):
        (root / folder).mkdir(parents=True)
    rows = ["PatientID;Age;Relapse;RFS_days;;;"]
    for number, patient in enumerate(PATIENTS):
        name = patient.name.replace("_", "-")
        (root / "imagesTr" / f"{name}__CT.nii.gz").symlink_to(patient / "CT_image.nii.gz")
        (root / "imagesTr" / f"{name}__PT.nii.gz").symlink_to(patient / "PET_image.nii.gz")
        (root / "labelsTr" / f"{name}.nii.gz").symlink_to(patient / "CT_mask.nii.gz")
        rows.append(f"{name};{50 + number},5;{number % 2};{400 + number},5;;;")
    (root / "hecktor2022_endpoint_training.csv").write_text("\r\n".join(rows), encoding="utf-16")
    return tmp_path / "source"


def test_real_patients_are_converted_from_links_whatever_lies_above_them(source, tmp_path):
    work = convert(source, tmp_path / "work", settings=SETTINGS["default"], options=Options(workers=2))
    record = json.loads((work.raw / "conversion.json").read_text())
    assert record["pets"] == {"used": len(PATIENTS)}
    assert record["notes"] == [f"The patients lie in {ROOT}."]
    assert (record["not_converted"], record["cut_by_the_crop"]) == ([], 0)
    assert all(one["volumes_ml"]["GTVp"] > 1 for one in record["patients"].values())


def test_real_scans_with_the_quirks_of_2026_are_in_one_list_before_anything_is_written(source, tmp_path):
    images = source / ROOT / "imagesTr"
    cts, pets = (sorted(images.glob(f"*__{kind}.nii.gz")) for kind in ("CT", "PT"))
    for path, change in ((pets[0], lambda pet: pet * 4000), (cts[1], lambda ct: ct + 1024)):
        image = sitk.ReadImage(str(path))
        path.unlink()
        sitk.WriteImage(change(image), str(path))
    with pytest.raises(InputError, match=r"2 problems were found of 2 of 4 patients; nothing was converted") as refused:
        convert(source, tmp_path / "work", settings=SETTINGS["default"])
    assert "Is it in Bq/ml" in str(refused.value)
    assert "must be in Hounsfield units" in str(refused.value)
    assert not (tmp_path / "work" / "nnUNet_raw").exists()
