"""Faults of cases and models, each with the sentence that must name it.

They run in this process, and again in the real container, where the folders have other names: the sentences are matched
from their beginning, as regular expressions in which FOLDER stands for any folder's path.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.han_seg.spec import CT
from containers.hnts_mrg.spec import MID_T2W, REGISTERED_MASK
from hnseg.imaging.files.checksum import sha256_of
from hnseg.imaging.geometry import Grid
from tests.support import small_hecktor
from tests.support.small_case import SHAPE_ZYX
from tests.support.small_challenges import HAN_SEG, HECKTOR, HNTS_MRG
from tests.support.small_han_seg import CT_FILE, CT_FOLDER, CT_GRID, T1_FILE, T1_FOLDER, small_ct, small_mr, write
from tests.support.spoiling import BadCase, Scan, changed, doubled, exchanged, remove, spoilt, unreadable


def _list_that_leads_out(input_dir: Path) -> None:
    entries = [{"socket": {"slug": slug, "relative_path": "../images"}} for slug in (MID_T2W, CT)]
    (input_dir / "inputs.json").write_text(json.dumps(entries))


_LEADS_OUT = BadCase(
    "inputs.json that leads out",
    _list_that_leads_out,
    r"FOLDER/inputs\.json must give paths below the input folder, but the socket \S+ is at '\.\./images'\.",
)

_T2W = Scan("mid-RT T2w", f"images/{MID_T2W}/11111111-aaaa.mha", SHAPE_ZYX)
_MASK = Scan("registered pre-RT mask", f"images/{REGISTERED_MASK}/33333333-cccc.mha", SHAPE_ZYX)
_GRID = (
    r"The registered pre-RT mask was resampled onto the grid of the mid-RT T2w, because FOLDER/33333333-cccc\.mha has "
)

_HNTS_MRG = (
    *spoilt(_T2W),
    BadCase(
        "labels outside the set",
        _MASK.replaced_by(np.full(SHAPE_ZYX, 3, np.uint8)),
        r"The registered pre-RT mask must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but FOLDER/33333333-\S+ also holds 3\.",
    ),
    _LEADS_OUT,
)

_CT = Scan("CT", f"{CT_FOLDER}/{CT_FILE}", CT_GRID.shape_zyx)
_T1 = Scan("T1 MR", f"{T1_FOLDER}/{T1_FILE}", Grid.of(small_mr()).shape_zyx)
_HOUNSFIELD = r"The CT must be in Hounsfield units, .*, but FOLDER/11111111-aaaa\.mha has values from "


_HAN_SEG = (
    *spoilt(_CT),
    doubled(_T1),
    BadCase(
        "CT and MR exchanged", exchanged(_CT, _T1), _HOUNSFIELD + r"0 to \d+\. Was the MR put into the CT's folder"
    ),
    BadCase(
        "CT without intercept",
        changed(_CT, lambda ct: ct + 1024),
        _HOUNSFIELD + ".* or the CT stored without its rescale intercept",
    ),
    _LEADS_OUT,
)

_PLANNED_CT = Scan("CT", f"{small_hecktor.CT_FOLDER}/{small_hecktor.CT_FILE}", small_hecktor.CT_GRID.shape_zyx)
_PET = Scan("PET", f"{small_hecktor.PET_FOLDER}/{small_hecktor.PET_FILE}", small_hecktor.PET_GRID.shape_zyx)
_SUV = r"The PET must be in SUV, .*but FOLDER/22222222-bbbb\.mha "

_HECKTOR = (
    *spoilt(_PLANNED_CT),
    doubled(_PET),
    BadCase(
        "CT and PET exchanged",
        exchanged(_PLANNED_CT, _PET),
        _HOUNSFIELD + r"0\.0\d+ to 1\d\.\d+\. Was the PET put into the CT's folder",
    ),
    BadCase(
        "CT without intercept",
        changed(_PLANNED_CT, lambda ct: ct + 1024),
        _HOUNSFIELD + ".* or the CT stored without its rescale intercept",
    ),
    _LEADS_OUT,
)

RESAMPLED_CASES = (
    BadCase(
        "mask of another size",
        _MASK.replaced_by(np.ones((9, 36, 40), np.uint8)),
        _GRID + r"size \(40, 36, 9\) instead of \(40, 36, 10\) in FOLDER/11111111-aaaa\.mha\.$",
    ),
    BadCase(
        "mask in another place",
        _MASK.replaced_by(np.ones(SHAPE_ZYX, np.uint8), origin_mm=(-61.7, -101.3, 1 / 3 + 2)),
        _GRID + r"origin .* \(voxels are up to 2 mm off\) in FOLDER/11111111-aaaa\.mha\.$",
    ),
)
"""Masks of HNTS-MRG on another grid than they promise, with the note's words."""

BAD_CASES = (
    *(pytest.param(HNTS_MRG, bad, id=f"hnts_mrg {bad.name}") for bad in _HNTS_MRG),
    *(pytest.param(HAN_SEG, bad, id=f"han_seg {bad.name}") for bad in _HAN_SEG),
    *(pytest.param(HECKTOR, bad, id=f"hecktor {bad.name}") for bad in _HECKTOR),
)
"""Challenges with cases that must be refused."""

_HAN_SEG_CT_ONLY = (
    BadCase("missing", remove(_T1), r"there is no T1 MR\."),
    BadCase(
        "a CT",
        lambda input_dir: write(small_ct(seed=1), input_dir / _T1.path),
        r"the T1 MR looks like a CT, since \d\d% of its values are those of air in Hounsfield units\. Was a CT put",
    ),
    BadCase(
        "too small",
        lambda input_dir: write(small_mr()[:, :, :8], input_dir / _T1.path),
        r"the T1 MR \(moving\) can't be laid on the CT \(fixed\): the moving image has 8 voxels along one axis",
    ),
    BadCase(
        "nothing but noise",
        _T1.replaced_by(_T1.noise()),
        r"the T1 MR \(moving\) can't be laid on the CT \(fixed\): ",
    ),
    *unreadable(_T1),
)


def _with_voxel(pet: sitk.Image, value: float) -> sitk.Image:
    pet[24, 24, 40] = value
    return pet


def _moved_away(pet: sitk.Image) -> sitk.Image:
    x, y, z = pet.GetOrigin()
    pet.SetOrigin((x, y, z - 345))
    return pet


_HECKTOR_CT_ONLY = (
    BadCase("missing", remove(_PET), r"there is no PET\.$"),
    BadCase(
        "elsewhere",
        changed(_PET, _moved_away),
        r"the PET covers \d\.\d% of the body on the CT, 0\.\d\d l, and at least 10% or 1 l are needed\. Do both belong",
    ),
    BadCase(
        "PET in Bq/ml",
        changed(_PET, lambda pet: pet * 3400),
        _SUV + r"has a background of 2\.\d+e\+03 and a maximum of 4\.\d+e\+04\. Is it in Bq/ml, .* Convert it by the"
        r" injected dose, .* convert_nifti_Bq_SUV\.py does so with suv_conversion_tags\.csv\.$",
    ),
    BadCase(
        "PET from 0 to 1",
        changed(_PET, lambda pet: pet / 14),
        _SUV + r"has no value above 0\.\d+\. Was it normalised .* Give the PET in SUV as it was reconstructed\.$",
    ),
    BadCase(
        "PET as z-scores",
        changed(_PET, sitk.Normalize),
        _SUV + r"has values from -0\.\d+ to \d.* sum to 100% of the positive ones\. Was it normalised by its mean",
    ),
    BadCase(
        "a CT as PET",
        lambda input_dir: write(small_hecktor.small_ct(seed=1), input_dir / _PET.path),
        _SUV + r"looks like a CT, since \d\d% of its values are those of air .* Was a CT put into the PET's folder\?$",
    ),
    BadCase(
        "zero but for one voxel",
        changed(_PET, lambda pet: _with_voxel(pet * 0.0, 12.0)),
        _SUV + r"has less than 1 ml above 0 inside the body\. Was it blanked",
    ),
    BadCase(
        "constant but for one voxel",
        changed(_PET, lambda pet: _with_voxel(pet * 0.0 + 5.0, 12.0)),
        _SUV + r"has nothing but 5 inside the body\. Was it blanked",
    ),
    BadCase(
        "Bq/ml in a border of zeros",
        changed(_PET, lambda pet: sitk.ConstantPad(pet * 3400, [50] * 3, [50] * 3, 0.0)),
        _SUV + r"has a background of 2\.\d+e\+03 and a maximum of 4\.\d+e\+04\. Is it in Bq/ml",
    ),
    *unreadable(_PET),
)

CT_ONLY_CASES = (
    *(pytest.param(HAN_SEG, bad, id=f"han_seg {bad.name}") for bad in _HAN_SEG_CT_ONLY),
    *(pytest.param(HECKTOR, bad, id=f"hecktor {bad.name}") for bad in _HECKTOR_CT_ONLY),
)
"""Faults of an image that the case can do without, with the note's words after "CT only: "."""


def _record(text: str) -> Callable[[Path], None]:
    def spoil(input_dir: Path) -> None:
        (input_dir / small_hecktor.EHR_FILE).write_text(text)

    return spoil


_NOTHING_KNOWN = r"Nothing is known of the patient beside the images: "
BAD_RECORDS = (
    BadCase(
        "missing",
        lambda input_dir: (input_dir / small_hecktor.EHR_FILE).unlink(),
        _NOTHING_KNOWN + r"there is no electronic health record\.$",
    ),
    BadCase(
        "cut off",
        _record(small_hecktor.RECORD[:40]),
        _NOTHING_KNOWN + r"The electronic health record must be JSON, but FOLDER/ehr\.json can't be parsed as such",
    ),
    BadCase("empty", _record(""), _NOTHING_KNOWN + r"The electronic health record must be JSON, but FOLDER/ehr\.json"),
    BadCase("a list", _record("[1, 2]"), r"The electronic health record must be a JSON object with a patient's fields"),
    BadCase(
        "nonsense in a field",
        _record(small_hecktor.RECORD.replace("63", '"Jane Doe"')),
        r"The electronic health record's Age must be a number of years, but is something else, so it counts as unknown",
    ),
)
"""Faults of HECKTOR's health record, with the words of a note."""


def seal(model_dir: Path) -> None:
    """Write the checksums of a changed bundle's present files into its manifest."""
    path = model_dir / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["sha256"] = {file.name: sha256_of(file) for file in model_dir.iterdir() if file != path}
    path.write_text(json.dumps(manifest))


def _flip_a_bit(model_dir: Path) -> None:
    path = model_dir / "fold_0.safetensors"
    weights = bytearray(path.read_bytes())
    weights[-1] ^= 1
    path.write_bytes(weights)


def _one_label_more(model_dir: Path) -> None:
    dataset = json.loads((model_dir / "dataset.json").read_text())
    dataset["labels"]["Bone"] = 3
    (model_dir / "dataset.json").write_text(json.dumps(dataset))
    seal(model_dir)


def _other_settings(model_dir: Path) -> None:
    (model_dir / "method.json").write_text('{"window_hu": 400}')
    seal(model_dir)


def _empty(model_dir: Path) -> None:
    shutil.rmtree(model_dir)
    model_dir.mkdir()


BAD_MODELS = (
    BadCase("corrupt weights", _flip_a_bit, r"FOLDER/fold_0\.safetensors must be the file that was exported, with the"),
    BadCase("mismatched weights", _one_label_more, r"The weights in FOLDER/fold_0\.safetensors must fit the network"),
    BadCase(
        "fold missing",
        lambda model_dir: (model_dir / "fold_1.safetensors").unlink(),
        r"The bundle must be complete, but FOLDER/fold_1\.safetensors is missing\. Was it unpacked",
    ),
    BadCase(
        "other settings",
        _other_settings,
        r"FOLDER/method\.json must hold the settings .*, but window_hu is no key that is known",
    ),
    BadCase("no model", _empty, r"A model folder must hold plans\.json, but FOLDER/plans\.json can't be read"),
)

UNFIT_MODELS = (
    pytest.param(
        HNTS_MRG,
        {"channel_names": ["T2w"]},
        r"The image must have the 1 channels of the model in \S+ \(T2w\), but has 2\. Was it trained for",
        id="hnts_mrg one channel",
    ),
    pytest.param(
        HNTS_MRG,
        {"labels": {"background": 0, "GTVp": 1, "GTVn": 2, "Bone": 3}},
        r"The mid-RT label map must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but also holds 3\. Was the model",
        id="hnts_mrg one label more",
    ),
    pytest.param(
        HAN_SEG,
        {**HAN_SEG.model, "channel_names": ["CT"]},
        r"The image must have the 1 channels of the model in \S+ \(CT\), but has 2\. Was it trained for",
        id="han_seg one channel",
    ),
    pytest.param(
        HECKTOR,
        HECKTOR.model,
        r"method\.json must hold outcomes, .* Fit them with hnseg-train outcomes hecktor and export",
        id="hecktor without outcomes",
    ),
)
"""Challenges, options of a sound model that doesn't fit them, and the sentence that must name the fault."""
