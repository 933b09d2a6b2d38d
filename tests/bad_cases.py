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
import SimpleITK as sitk

from containers.hnts_mrg.spec import MID_T2W, REGISTERED_MASK
from hnseg.inference.manifest import sha256_of
from tests.small_case import SHAPE_ZYX, write_image


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


def _file(input_dir: Path, slug: str) -> Path:
    return next((input_dir / "images" / slug).iterdir())


def _replace(slug: str, array: np.ndarray, **place: tuple[float, ...]) -> Callable[[Path], None]:
    return lambda input_dir: write_image(array, _file(input_dir, slug), **place)


def _noise(dtype: type = np.float32, shape: tuple[int, ...] = SHAPE_ZYX) -> np.ndarray:
    return np.random.default_rng(1).normal(300, 50, shape).astype(dtype)


def _spoilt_noise(value: float) -> np.ndarray:
    noise = _noise()
    noise[1, 2, 3:8] = value
    return noise


def _missing(input_dir: Path) -> None:
    _file(input_dir, MID_T2W).unlink()


def _twice(input_dir: Path) -> None:
    write_image(_noise(), input_dir / "images" / MID_T2W / "99999999-ffff.mha")


def _cut(input_dir: Path) -> None:
    path = _file(input_dir, MID_T2W)
    path.write_bytes(path.read_bytes()[:-100])


def _cut_nifti(input_dir: Path) -> None:
    path = _file(input_dir, MID_T2W)
    sitk.WriteImage(sitk.ReadImage(str(path)), str(path.with_suffix(".nii.gz")))
    path.unlink()
    path = path.with_suffix(".nii.gz")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _vectors(input_dir: Path) -> None:
    sitk.WriteImage(sitk.Image([40, 36, 10], sitk.sitkVectorUInt8, 3), str(_file(input_dir, MID_T2W)))


def _huge(input_dir: Path) -> None:
    path = _file(input_dir, MID_T2W)
    sitk.WriteImage(sitk.ReadImage(str(path)), str(path), False)
    path.write_bytes(path.read_bytes().replace(b"DimSize = 40 36 10", b"DimSize = 99999 99999 9999"))


def _broken_json(input_dir: Path) -> None:
    (input_dir / "inputs.json").write_text('[{"socket":')


_CUT = r"The mid-RT T2w must be a readable image, but FOLDER/\S+ can't be read as one\. Is the file cut off or damaged"
_FINITE = r"The mid-RT T2w must hold finite numbers only, but 5 of 14400 voxels of FOLDER/11111111-aaaa\.mha are NaN"
_GRID = r"The registered pre-RT mask must lie on the grid of the mid-RT T2w, but FOLDER/33333333-cccc\.mha has "

BAD_CASES = (
    BadCase(
        "missing socket", _missing, r"Exactly one image, the mid-RT T2w, must lie in FOLDER, but the folder is empty"
    ),
    BadCase(
        "two images in one folder",
        _twice,
        r"Exactly one image, the mid-RT T2w, must lie in FOLDER, but there are 2: 11111111-aaaa\.mha, 99999999-",
    ),
    BadCase("cut off", _cut, _CUT),
    BadCase("cut off NIfTI", _cut_nifti, _CUT),
    BadCase(
        "2-D", _replace(MID_T2W, _noise(shape=(36, 40))), r"The mid-RT T2w must be one 3-D image, but FOLDER/\S+ is 2-D"
    ),
    BadCase(
        "4-D",
        _replace(MID_T2W, _noise(shape=(2, *SHAPE_ZYX))),
        r"The mid-RT T2w must be one 3-D image, but FOLDER/\S+ is 4-D",
    ),
    BadCase(
        "vector", _vectors, r"The mid-RT T2w must have one real number a voxel, but FOLDER/\S+ has a vector of 8-bit"
    ),
    BadCase("NaN", _replace(MID_T2W, _spoilt_noise(np.nan)), _FINITE),
    BadCase("Inf", _replace(MID_T2W, _spoilt_noise(np.inf)), _FINITE),
    BadCase(
        "constant",
        _replace(MID_T2W, np.full(SHAPE_ZYX, 12, np.int16)),
        r"The mid-RT T2w must show something, but every voxel of FOLDER/11111111-aaaa\.mha is 12\.",
    ),
    BadCase(
        "mask of another size",
        _replace(REGISTERED_MASK, np.ones((9, 36, 40), np.uint8)),
        _GRID + r"size \(40, 36, 9\) instead of \(40, 36, 10\) in FOLDER/11111111-aaaa\.mha\. Was an image given",
    ),
    BadCase(
        "mask in another place",
        _replace(REGISTERED_MASK, np.ones(SHAPE_ZYX, np.uint8), origin_mm=(-61.7, -101.3, 1 / 3 + 2)),
        _GRID + r"origin .* \(voxels are up to 2 mm off\) in FOLDER/11111111-aaaa\.mha\. Was an image given",
    ),
    BadCase(
        "labels outside the set",
        _replace(REGISTERED_MASK, np.full(SHAPE_ZYX, 3, np.uint8)),
        r"The registered pre-RT mask must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but FOLDER/33333333-\S+ also holds 3\.",
    ),
    BadCase(
        "larger than RAM",
        _huge,
        r"The mid-RT T2w must fit into memory, but FOLDER/\S+ with size \(99999, 99999, 9999\) needs over \d+\.\d GiB",
    ),
    BadCase("broken inputs.json", _broken_json, r"FOLDER/inputs\.json must be a JSON list .*, but Invalid JSON: EOF"),
)


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
    (
        {"channel_names": ["T2w"]},
        r"The image must have the 1 channels of the model in \S+ \(T2w\), but has 2\. Was it trained for",
    ),
    (
        {"labels": {"background": 0, "GTVp": 1, "GTVn": 2, "Bone": 3}},
        r"The mid-RT label map must hold only 0, 1 \(GTVp\), 2 \(GTVn\), but also holds 3\. Was the model",
    ),
)
"""What a sound model was made with that doesn't fit the challenge, and the sentence that must say so."""
