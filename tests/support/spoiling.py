"""Faults of one image of a good case, each with the sentence that must name it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from tests.support.small_case import write_image
from tests.support.small_han_seg import write


@dataclass(frozen=True)
class BadCase:
    """Fault of a case or a model, and the sentence that must name it.

    Attributes:
        name: Name of the fault.
        spoil: Function that puts the fault into the input folder, or the model's.
        sentence: Regular expression that the last line of stderr must match.
    """

    name: str
    spoil: Callable[[Path], None]
    sentence: str


@dataclass(frozen=True)
class Scan:
    """Image of the good case that can be spoilt.

    Attributes:
        title: Name of the image in a sentence.
        path: File of the image, relative to the input folder.
        shape_zyx: Shape of the image, (z, y, x).
    """

    title: str
    path: str
    shape_zyx: tuple[int, int, int]

    def replaced_by(self, array: np.ndarray, **place: tuple[float, ...]) -> Callable[[Path], None]:
        """Return a function that writes an array into the file."""
        return lambda input_dir: write_image(array, input_dir / self.path, **place)

    def noise(self, *shape: int) -> np.ndarray:
        """Return noise of a shape, the scan's where none is given."""
        return np.random.default_rng(1).normal(300, 50, shape or self.shape_zyx).astype(np.float32)

    def holed(self, value: float) -> np.ndarray:
        """Return noise in which five voxels have a value."""
        noise = self.noise()
        noise[1, 2, 3:8] = value
        return noise


def remove(scan: Scan) -> Callable[[Path], None]:
    """Return a function that removes an image."""
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


def unreadable(scan: Scan) -> tuple[BadCase, ...]:
    """Return the faults that an image can have by itself."""
    title, name = f"The {scan.title}", scan.path.rpartition("/")[2]
    cut = rf"{title} must be a readable image, but FOLDER/\S+ can't be read as one: .+\. Is the file cut off or damaged"
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


def doubled(scan: Scan) -> BadCase:
    """Return the fault of two images in a folder for one."""
    name = scan.path.rpartition("/")[2]
    return BadCase(
        f"two images of the {scan.title}",
        _double(scan),
        rf"Exactly one image, the {scan.title}, must lie in FOLDER, but there are 2: {name}, 99999999-",
    )


def spoilt(scan: Scan) -> tuple[BadCase, ...]:
    """Return the faults that a required image can have."""
    missing = rf"Exactly one image, the {scan.title}, must lie in FOLDER, but the folder is empty"
    return (BadCase("missing socket", remove(scan), missing), doubled(scan), *unreadable(scan))


def exchanged(one: Scan, other: Scan) -> Callable[[Path], None]:
    """Return a function that exchanges the files of two images."""

    def spoil(input_dir: Path) -> None:
        (input_dir / one.path).rename(input_dir / "third")
        (input_dir / other.path).rename(input_dir / one.path)
        (input_dir / "third").rename(input_dir / other.path)

    return spoil


def changed(scan: Scan, change: Callable[[sitk.Image], sitk.Image]) -> Callable[[Path], None]:
    """Return a function that replaces an image by a changed one."""
    return lambda input_dir: write(change(sitk.ReadImage(str(input_dir / scan.path))), input_dir / scan.path)
