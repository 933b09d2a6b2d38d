"""What can be wrong with a case or a model, each with the sentence that must say so.

Run in this process, and again in the real container, where the folders have other names: the sentences are matched from
their beginning, as regular expressions in which FOLDER stands for any folder's path.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from containers.hnts_mrg.spec import MID_T2W, REGISTERED_MASK
from hnseg.imaging.geometry import Grid
from hnseg.inference.manifest import sha256_of
from tests.small_case import SHAPE_ZYX, write_image
from tests.small_challenges import HAN_SEG, HNTS_MRG
from tests.small_han_seg import CT_FILE, CT_FOLDER, CT_GRID, T1_FILE, T1_FOLDER, small_ct, small_mr, write


@dataclass(frozen=True)
class BadCase:
    """One way to spoil a good case or model.

    Attributes:
        name: What is wrong.
        spoil: Does it to the input folder, or to the model's.
        sentence: What stderr's last line must match.
    """

    name: str
    spoil: Callable[[Path], None]
    sentence: str


@dataclass(frozen=True)
class Scan:
    """An image of the good case that can be spoilt.

    Attributes:
        title: What a sentence calls it.
        path: Its file, relative to the input folder.
        shape_zyx: Its size.
    """

    title: str
    path: str
    shape_zyx: tuple[int, int, int]

    def replaced_by(self, array: np.ndarray, **place: tuple[float, ...]) -> Callable[[Path], None]:
        """Return what puts an array into the file."""
        return lambda input_dir: write_image(array, input_dir / self.path, **place)

    def noise(self, *shape: int) -> np.ndarray:
        """Return noise of a shape, the scan's where none is given."""
        return np.random.default_rng(1).normal(300, 50, shape or self.shape_zyx).astype(np.float32)

    def holed(self, value: float) -> np.ndarray:
        """Return noise in which five voxels have a value."""
        noise = self.noise()
        noise[1, 2, 3:8] = value
        return noise


def _remove(scan: Scan) -> Callable[[Path], None]:
    return lambda input_dir: (input_dir / scan.path).unlink()


def _double(scan: Scan) -> Callable[[Path], None]:
    return lambda input_dir: write_image(scan.noise(), (input_dir / scan.path).with_name("99999999-ffff.mha"))


def _cut(scan: Scan) -> Callable[[Path], None]:
    def spoil(input_dir: Path) -> None:
        path = input_dir / scan.path
        path.write_bytes(path.read_bytes()[:-100])

    return spoil


def _cut_nifti(scan: Scan) -> Callable[[Path], None]:
    def spoil(input_dir: Path) -> None:
        path = input_dir / scan.path
        nifti = path.with_suffix(".nii.gz")
        sitk.WriteImage(sitk.ReadImage(str(path)), str(nifti))
        path.unlink()
        nifti.write_bytes(nifti.read_bytes()[: nifti.stat().st_size // 2])

    return spoil


def _vectors(scan: Scan) -> Callable[[Path], None]:
    image = sitk.Image([40, 36, 10], sitk.sitkVectorUInt8, 3)
    return lambda input_dir: sitk.WriteImage(image, str(input_dir / scan.path))


def _huge(scan: Scan) -> Callable[[Path], None]:
    def spoil(input_dir: Path) -> None:
        path = input_dir / scan.path
        sitk.WriteImage(sitk.ReadImage(str(path)), str(path), False)
        size = " ".join(map(str, scan.shape_zyx[::-1]))
        path.write_bytes(path.read_bytes().replace(f"DimSize = {size}".encode(), b"DimSize = 99999 99999 9999"))

    return spoil


def _broken_json(input_dir: Path) -> None:
    (input_dir / "inputs.json").write_text('[{"socket":')


def _unreadable(scan: Scan) -> tuple[BadCase, ...]:
    """Return what can be wrong with an image by itself."""
    title, name = f"The {scan.title}", scan.path.rpartition("/")[2]
    cut = rf"{title} must be a readable image, but FOLDER/\S+ can't be read as one\. Is the file cut off or damaged"
    count = np.prod(scan.shape_zyx)
    finite = rf"{title} must hold finite numbers only, but 5 of {count} voxels of FOLDER/{name} are NaN"
    flat = scan.shape_zyx[1:]
    return (
        BadCase("cut off", _cut(scan), cut),
        BadCase("cut off NIfTI", _cut_nifti(scan), cut),
        BadCase("2-D", scan.replaced_by(scan.noise(*flat)), rf"{title} must be one 3-D image, but FOLDER/\S+ is 2-D"),
        BadCase(
            "4-D",
            scan.replaced_by(scan.noise(2, *scan.shape_zyx)),
            rf"{title} must be one 3-D image, but FOLDER/\S+ is 4-D",
        ),
        BadCase(
            "vector",
            _vectors(scan),
            rf"{title} must have one real number a voxel, but FOLDER/\S+ has a vector of 8-bit",
        ),
        BadCase("NaN", scan.replaced_by(scan.holed(np.nan)), finite),
        BadCase("Inf", scan.replaced_by(scan.holed(np.inf)), finite),
        BadCase(
            "constant",
            scan.replaced_by(np.full(scan.shape_zyx, 12, np.int16)),
            rf"{title} must show something, but every voxel of FOLDER/{name} is 12\.",
        ),
        BadCase(
            "larger than RAM",
            _huge(scan),
            rf"{title} must fit into memory, but FOLDER/\S+ with size \(99999, 99999, 9999\) needs over \d+\.\d GiB",
        ),
    )


def _doubled(scan: Scan) -> BadCase:
    name = scan.path.rpartition("/")[2]
    return BadCase(
        f"two images of the {scan.title}",
        _double(scan),
        rf"Exactly one image, the {scan.title}, must lie in FOLDER, but there are 2: {name}, 99999999-",
    )


def _spoilt(scan: Scan) -> tuple[BadCase, ...]:
    """Return what can be wrong with an image that is required."""
    missing = rf"Exactly one image, the {scan.title}, must lie in FOLDER, but the folder is empty"
    return (BadCase("missing socket", _remove(scan), missing), _doubled(scan), *_unreadable(scan))


_BROKEN_JSON = BadCase(
    "broken inputs.json", _broken_json, r"FOLDER/inputs\.json must be a JSON list .*, but Invalid JSON: EOF"
)

_T2W = Scan("mid-RT T2w", f"images/{MID_T2W}/11111111-aaaa.mha", SHAPE_ZYX)
_MASK = Scan("registered pre-RT mask", f"images/{REGISTERED_MASK}/33333333-cccc.mha", SHAPE_ZYX)
_GRID = r"The registered pre-RT mask must lie on the grid of the mid-RT T2w, but FOLDER/33333333-cccc\.mha has "

_HNTS_MRG = (
    *_spoilt(_T2W),
    BadCase(
        "mask of another size",
        _MASK.replaced_by(np.ones((9, 36, 40), np.uint8)),
        _GRID + r"size \(40, 36, 9\) instead of \(40, 36, 10\) in FOLDER/11111111-aaaa\.mha\. Was an image given",
    ),
    BadCase(
        "mask in another place",
        _MASK.replaced_by(np.ones(SHAPE_ZYX, np.uint8), origin_mm=(-61.7, -101.3, 1 / 3 + 2)),
        _GRID + r"origin .* \(voxels are up to 2 mm off\) in FOLDER/11111111-aaaa\.mha\. Was an image given",
    ),
    BadCase(
        "labels outside the set",
        _MASK.replaced_by(np.full(SHAPE_ZYX, 3, np.uint8)),
        r"The registered pre-RT mask must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but FOLDER/33333333-\S+ also holds 3\.",
    ),
    _BROKEN_JSON,
)

_CT = Scan("CT", f"{CT_FOLDER}/{CT_FILE}", CT_GRID.shape_zyx)
_T1 = Scan("T1 MR", f"{T1_FOLDER}/{T1_FILE}", Grid.of(small_mr()).shape_zyx)
_HOUNSFIELD = r"The CT must be in Hounsfield units, .*, but FOLDER/11111111-aaaa\.mha has values from "


def _exchange(input_dir: Path) -> None:
    ct, mr = input_dir / _CT.path, input_dir / _T1.path
    ct.rename(input_dir / "third")
    mr.rename(ct)
    (input_dir / "third").rename(mr)


def _without_intercept(input_dir: Path) -> None:
    write(sitk.ReadImage(str(input_dir / _CT.path)) + 1024, input_dir / _CT.path)


_HAN_SEG = (
    *_spoilt(_CT),
    _doubled(_T1),
    BadCase("CT and MR exchanged", _exchange, _HOUNSFIELD + r"0 to \d+\. Was the MR put into the CT's folder"),
    BadCase(
        "CT without intercept", _without_intercept, _HOUNSFIELD + ".* or the CT stored without its rescale intercept"
    ),
    _BROKEN_JSON,
)

BAD_CASES = (
    *(pytest.param(HNTS_MRG, bad, id=f"hnts_mrg {bad.name}") for bad in _HNTS_MRG),
    *(pytest.param(HAN_SEG, bad, id=f"han_seg {bad.name}") for bad in _HAN_SEG),
)
"""A challenge, and a case of it that must be refused."""

CT_ONLY_CASES = (
    BadCase("missing", _remove(_T1), r"there is no T1 MR\."),
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
    *_unreadable(_T1),
)
"""What can be wrong with HaN-Seg's MR, which the case can do without: what the note must say after "CT only: "."""


def seal(model_dir: Path) -> None:
    """Give a changed bundle's manifest the checksums of its present files."""
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
    BadCase("other settings", _other_settings, r"FOLDER/method\.json must hold the settings .*, but window_hu: Extra"),
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
)
"""A challenge, what a sound model was made with that doesn't fit it, and the sentence that must say so."""
