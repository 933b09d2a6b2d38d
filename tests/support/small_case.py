"""Case of HNTS-MRG small enough to run in a second: noise with two bright tumours and the prior mask around them."""

import shutil
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from containers.hnts_mrg.spec import MID_T2W, OUTPUT, REGISTERED_MASK, REGISTERED_T2W

SHAPE_ZYX = (10, 36, 40)
LONG_ZYX = (64, 256, 256)
"""Shape of a case that takes minutes with `long_model`."""
OUTPUT_FILE = f"images/{OUTPUT}/output.mha"


def write_small_case(input_dir: Path, *, seed: int = 0, shape_zyx: tuple[int, int, int] = SHAPE_ZYX) -> Path:
    """Write the input sockets' folders on an oblique, anisotropic grid and return the input folder."""
    rng = np.random.default_rng(seed)
    prior = np.zeros(shape_zyx, np.uint8)
    prior[3:7, 8:16, 8:18] = 1
    prior[2:6, 20:28, 22:34] = 2
    t2w = (rng.normal(300, 30, shape_zyx) + 400 * (prior > 0)).astype(np.int16)
    write_image(t2w, input_dir / "images" / MID_T2W / "11111111-aaaa.mha")
    write_image(t2w + rng.integers(-9, 9, shape_zyx), input_dir / "images" / REGISTERED_T2W / "22222222-bbbb.mha")
    write_image(prior, input_dir / "images" / REGISTERED_MASK / "33333333-cccc.mha")
    return input_dir


def write_reference(input_dir: Path, expected_dir: Path) -> None:
    """Write the case's prior mask as the expected output."""
    reference = expected_dir / OUTPUT_FILE
    reference.parent.mkdir(parents=True)
    shutil.copy(next((input_dir / "images" / REGISTERED_MASK).glob("*.mha")), reference)


def write_image(array: np.ndarray, path: Path, *, origin_mm: tuple[float, ...] = (-61.7, -101.3, 1 / 3)) -> None:
    """Write an array (z, y, x) at 0.5 x 0.5 x 2 mm, slightly oblique, compressed."""
    image = sitk.GetImageFromArray(array, isVector=False)
    image.SetSpacing([0.5] * (image.GetDimension() - 1) + [2.0])
    if image.GetDimension() == 3:
        image.SetOrigin(origin_mm)
        image.SetDirection(sitk.VersorTransform((0.3, -0.1, 1.0), 0.05).GetMatrix())
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), True)


def files_below(folder: Path) -> list[str]:
    """Return every file below a folder, hidden ones too, relative to it."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())
