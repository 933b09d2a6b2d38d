"""Output files of a container, as the platform imports them.

After the platform's own importer: MetaImage and TIFF are recognised by the file's content, everything below the
socket's folder counts, and a file that is neither is passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import HeaderError
from hnseg.imaging.files.formats import NOT_COLLECTED
from hnseg.imaging.files.metaimage import read_metaimage_header
from hnseg.imaging.files.voxels import check_voxels
from hnseg.platform.spec import AnswerSocket, OutputSocket
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.judging.tiff_pages import pages_are_whole
from hnseg.rehearsal.profile import Profile

_SEGMENTATION_TYPES = (sitk.sitkInt8, sitk.sitkUInt8)
_RAW_SUFFIXES = {".raw", ".zraw"}  # the voxels of a header in a file of its own
_HEADER_BYTES = 1 << 16
_MOST_FILES = 1000  # of a listing of the platform's storage, `components/backends/base.py`
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


@dataclass(frozen=True)
class Imported:
    """Output of one socket, imported.

    Attributes:
        path: File of the one image; None where there is no image or more than one.
        image: Image in that file; None likewise.
        findings: Failures and warnings of the import.
    """

    path: Path | None
    image: sitk.Image | None
    findings: tuple[Finding, ...]


def import_output(
    socket: OutputSocket, output_dir: Path, profile: Profile, answers: Collection[AnswerSocket] = ()
) -> Imported:
    """Import one socket's output as the platform does.

    Args:
        socket: Socket that names the image's folder and the values it may hold.
        output_dir: Folder that the container wrote to.
        profile: Limits of the platform.
        answers: Sockets whose files are declared as well; they are not imported here.
    """
    folder = output_dir / socket.relative_path
    files = _files_below(folder)
    stray = _stray(socket, output_dir, {output_dir / answer.relative_path for answer in answers})
    if not files:
        finding = failure(
            "import",
            f"Output directory {socket.relative_path!r} is empty",
            f"The {socket.title} must be one .mha file in /output/{socket.relative_path}.",
        )
        return Imported(None, None, (finding, *stray))
    if len(files) > _MOST_FILES:
        finding = failure(
            "import",
            f"Too many files produced in {socket.relative_path!r}",
            f"Found {len(files):,}; the platform lists no more than {_MOST_FILES:,}.",
        )
        return Imported(None, None, (finding, *stray))
    images = {path: image for path in files if (image := _image(path)) is not None}
    others = [path.relative_to(folder) for path in files if path not in images and path.suffix not in _RAW_SUFFIXES]
    if len(images) != 1:
        return Imported(None, None, (_not_one(socket, images, others), *stray))
    (path, image), *_ = images.items()
    findings = _value_findings(socket, path, image, profile)
    return Imported(path, image, (*findings, *_passed_over(others), *stray))


def _files_below(folder: Path) -> list[Path]:
    """Return the regular files below a folder; no link is followed, which would lead to files of this machine."""
    found = (Path(here) / name for here, _, names in os.walk(folder, followlinks=False) for name in names)
    return sorted(path for path in found if stat.S_ISREG(path.lstat().st_mode) and _is_text(str(path)))


def _is_text(name: str) -> bool:
    return name.isprintable() or all(each.isprintable() or each.isspace() for each in name)


def _passed_over(others: list[Path]) -> list[Finding]:
    """Return a warning of files beside the image that the platform's importer does not read; empty without any."""
    if not others:
        return []
    return [warning("import", f"{_listed(others)}: not an image that the platform reads; it passes over it.")]


def _not_one(socket: OutputSocket, images: Mapping[Path, sitk.Image], others: list[Path]) -> Finding:
    if images:
        return failure(
            "import",
            f"Only 1 image should be produced in {socket.relative_path!r}, we found {len(images)}",
            f"Found {', '.join(path.name for path in images)}.",
        )
    compressed_nifti = any(path.name.endswith(NOT_COLLECTED) for path in others)
    return failure(
        "import",
        f"No output images could be imported from {socket.relative_path!r}",
        f"Found {_listed(others)}. The platform reads MetaImage (.mha) and TIFF only"
        + (", not NIfTI or NRRD." if compressed_nifti else "; is the file whole?"),
    )


def _image(path: Path) -> sitk.Image | None:
    """Return a file's image; None where the platform's importer could not read it."""
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    try:
        if head.startswith(_TIFF_MAGIC):
            image = sitk.ReadImage(str(path), imageIO="TIFFImageIO") if pages_are_whole(path) else None
        elif b"ElementDataFile" in head:
            image = _metaimage(path)
        else:
            image = None
    except (HeaderError, RuntimeError):
        return None
    if image is None or image.GetNumberOfComponentsPerPixel() > 4 or image.GetDimension() not in {2, 3, 4}:
        return None
    return image


def _metaimage(path: Path) -> sitk.Image:
    with path.open("rb") as file:
        check_voxels(read_metaimage_header(path, file))
    image: sitk.Image = sitk.ReadImage(str(path), imageIO="MetaImageIO")
    return image


def _value_findings(socket: OutputSocket, path: Path, image: sitk.Image, profile: Profile) -> list[Finding]:
    """Return the failure of voxel type or values that the platform finds in a segmentation; empty without one."""
    not_valid = f"The image produced in {socket.relative_path!r} is not valid."
    components = image.GetNumberOfComponentsPerPixel()
    if components != 1 or image.GetPixelID() not in _SEGMENTATION_TYPES:
        return [
            failure(
                "import",
                f"{not_valid} Image segments could not be determined, ensure the voxel values are integers and that it"
                f" contains no more than {profile.segments_limit} segments. Ensure the image has the minimum and"
                " maximum voxel values set as tags if the image is a TIFF file.",
                f"{path.name} holds {image.GetPixelIDTypeAsString()}, {components} a voxel; only one 8-bit integer"
                " (Int8 or UInt8) a voxel is taken for a segmentation.",
            )
        ]
    allowed = {0, *socket.labels}
    values = {int(value) for value in np.unique(sitk.GetArrayViewFromImage(image))}
    if values <= allowed:
        return []
    return [
        failure(
            "import",
            f"{not_valid} The valid voxel values for this segmentation are: {allowed}. This segmentation is invalid as"
            f" it contains the voxel values: {values - allowed}.",
            "Was the model trained on another label set, or its output not reduced to the socket's labels?",
        )
    ]


def _stray(socket: OutputSocket, output_dir: Path, declared: Collection[Path]) -> list[Finding]:
    """Return a warning of files outside the declared outputs, which the platform does not collect."""
    folder = output_dir / socket.relative_path
    stray = [
        path.relative_to(output_dir)
        for path in _files_below(output_dir)
        if folder not in path.parents and path not in declared
    ]
    if not stray:
        return []
    return [warning("import", f"Not a declared output, and not collected: {_listed(stray)}.")]


def _listed(paths: list[Path]) -> str:
    shown = ", ".join(str(path) for path in paths[:5])
    return shown + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
