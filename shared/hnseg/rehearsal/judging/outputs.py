"""Output files of a container, as the platform imports them.

After the platform's own importer: MetaImage and TIFF are recognised by the file's content, everything below the
socket's folder counts, and a file that is neither is passed over. The sentences are those of
DIAGNijmegen/rse-grand-challenge, `components/backends/base.py`, read on 2026-11-29.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.errors import HeaderError, TooLargeError, UnclearError
from hnseg.imaging.files.formats import NOT_COLLECTED
from hnseg.imaging.files.metaimage import read_metaimage_header
from hnseg.imaging.files.voxels import check_voxels
from hnseg.platform.spec import ImageOutput, OutputSocket
from hnseg.rehearsal.findings import Finding, failure, warning
from hnseg.rehearsal.judging.importer.metaimage_rules import check_additional_fields, names_voxels
from hnseg.rehearsal.judging.importer.tiff_pages import pages_are_whole
from hnseg.rehearsal.judging.importer.tiff_tags import first_page_tags, is_imported, segments_of
from hnseg.rehearsal.profile import Profile

_SEGMENTATION_TYPES = (sitk.sitkInt8, sitk.sitkUInt8)
_RAW_SUFFIXES = {".raw", ".zraw"}  # the voxels of a header in a file of its own
MOST_FILES = 1000
"""Number of files in a listing of the platform's storage, and so of a socket."""
OUTPUT_TOO_LARGE = "The output image was too large to process, please try again with smaller images"
"""Sentence of the platform on an image with which its importer runs out of memory or disk."""
_MOST_VOXEL_BYTES = 4 << 30  # the importer's machine has 8 GB, and it needs voxels, their sorted copy, and the rest
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


def import_output(socket: OutputSocket, output_dir: Path, profile: Profile, declared: Collection[str] = ()) -> Imported:
    """Import the label map as the platform does.

    Args:
        socket: Socket that names the image's folder and the values it may hold.
        output_dir: Folder that the container wrote to.
        profile: Limits of the platform.
        declared: Files and folders, relative to /output, that are declared as well; they are not imported here.
    """
    written = [path.relative_to(output_dir) for path in _files_below(output_dir)]
    folders = [Path(socket.relative_path), *map(Path, declared)]
    stray = _stray([path for path in written if not any(folder in (path, *path.parents) for folder in folders)])
    imported = import_image(socket, output_dir)
    if imported.path is None or imported.image is None:
        return replace(imported, findings=(*imported.findings, *stray))
    values = _value_findings(socket, imported.path, imported.image, profile) if socket.labels else []
    return replace(imported, findings=(*values, *imported.findings, *stray))


def import_image(socket: ImageOutput, output_dir: Path) -> Imported:
    """Import the one image of a socket as the platform does, whatever its voxels are.

    Args:
        socket: Socket that names the image's folder.
        output_dir: Folder that the container wrote to.
    """
    written = [path.relative_to(output_dir) for path in _files_below(output_dir)]
    if refusal := _listing(socket, written):
        return Imported(None, None, (refusal,))
    return _import_images(socket, output_dir / socket.relative_path)


@dataclass(frozen=True)
class _Read:
    """File of a socket's folder, read as an image.

    Attributes:
        path: The file.
        image: Its image; None where there is none.
        reason: Reason why there is none; empty for a file that is no image.
        is_unclear: Whether the platform's importer may take a file that can't be read here.
    """

    path: Path
    image: sitk.Image | None
    reason: str = ""
    is_unclear: bool = False

    @property
    def is_other(self) -> bool:
        """Whether it is no image, nor the voxels of one."""
        return self.image is None and self.path.suffix not in _RAW_SUFFIXES


def _import_images(socket: ImageOutput, folder: Path) -> Imported:
    """Import what lies in a socket's folder: one image, and perhaps files that are none."""
    try:
        files = [_read(path) for path in _files_below(folder)]
    except TooLargeError as error:
        return Imported(None, None, (failure("import", OUTPUT_TOO_LARGE, str(error)),))
    images = {file.path: file.image for file in files if file.image is not None}
    others = [file for file in files if file.is_other]
    if len(images) != 1 or _count_unclear(others):
        return Imported(None, None, (_not_one(socket, images, folder, others),))
    (path, image), *_ = images.items()
    return Imported(path, image, tuple(_passed_over([file.path.relative_to(folder) for file in others])))


def too_many_files(relative_path: str) -> str:
    """Return the platform's sentence on a socket's folder with more files than it lists."""
    return f"Too many files produced in {relative_path!r}"


def _listing(socket: ImageOutput, written: Collection[Path]) -> Finding | None:
    """Return the failure of the listing of a socket's files; None with 1 to 1,000 of them.

    As there, whatever begins with the socket's path is listed, so the files of a folder beside it count as well.
    """
    listed = sum(path.as_posix().startswith(socket.relative_path) for path in written)
    if not listed:
        return failure(
            "import",
            f"Output directory {socket.relative_path!r} is empty",
            f"The {socket.title} must be one .mha file in /output/{socket.relative_path}.",
        )
    if listed > MOST_FILES:
        explanation = f"Found {listed:,}; the platform lists no more than {MOST_FILES:,}."
        return failure("import", too_many_files(socket.relative_path), explanation)
    return None


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


def _count_unclear(files: Sequence[_Read]) -> int:
    return sum(file.is_unclear for file in files)


def _not_one(socket: ImageOutput, images: Mapping[Path, sitk.Image], folder: Path, others: Sequence[_Read]) -> Finding:
    reasons = "".join(f" {file.path.name}: {file.reason}." for file in others[:5] if file.reason)
    if images:
        unclear = _count_unclear(others)
        strict = " A file that can't be read here may be an image there, or be passed over." if unclear else ""
        return failure(
            "import",
            f"Only 1 image should be produced in {socket.relative_path!r}, we found {len(images) + unclear}",
            f"Found {', '.join(path.name for path in images)}.{reasons}{strict}",
        )
    compressed_nifti = any(file.path.name.endswith(NOT_COLLECTED) for file in others)
    return failure(
        "import",
        f"No output images could be imported from {socket.relative_path!r}",
        f"Found {_listed([file.path.relative_to(folder) for file in others])}. The platform reads MetaImage (.mha) and"
        " TIFF only" + (", not NIfTI or NRRD." if compressed_nifti else "; is the file whole?") + reasons,
    )


def _read(path: Path) -> _Read:
    """Read a file as the platform's importer does, or more strictly.

    Raises:
        TooLargeError: It has more voxels than the importer can hold.
    """
    try:
        return _Read(path, _image(path))
    except UnclearError as error:
        return _Read(path, None, str(error), is_unclear=True)
    except HeaderError as error:
        return _Read(path, None, str(error))


def _image(path: Path) -> sitk.Image | None:
    """Return a file's image; None for a file that is no image, or a TIFF that can't be imported.

    Raises:
        HeaderError: The platform's importer refuses the file, or it can't be read here.
    """
    if _is_tiff(path):
        taken = is_imported(first_page_tags(path)) and pages_are_whole(path)
        return _read_by("TIFFImageIO", path) if taken else None
    return _metaimage(path) if names_voxels(path) else None


def _is_tiff(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) in _TIFF_MAGIC


@contextmanager
def _unclear() -> Iterator[None]:
    """Turn what makes a file unreadable here into an `UnclearError`."""
    try:
        yield
    except (HeaderError, RuntimeError) as error:
        raise UnclearError(str(error).strip().splitlines()[-1]) from error


def _metaimage(path: Path) -> sitk.Image:
    with path.open("rb") as file, _unclear():
        header = read_metaimage_header(path, file)
    if header.owed > _MOST_VOXEL_BYTES:
        raise TooLargeError(
            f"{path.name} promises {header.owed / 2**30:.1f} GiB of voxels; over {_MOST_VOXEL_BYTES >> 30} GiB, the"
            " memory of the platform's importer, 8 GB when it was last seen, is not enough. No limit is published."
        )
    check_additional_fields(path, header.size)
    if header.components > 4:
        raise HeaderError(f"it has {header.components} components a voxel, over 4")
    with _unclear():
        check_voxels(header)
    return _read_by("MetaImageIO", path)


def _read_by(image_io: str, path: Path) -> sitk.Image:
    with _unclear():
        image: sitk.Image = sitk.ReadImage(str(path), imageIO=image_io)
    return image


def _value_findings(socket: OutputSocket, path: Path, image: sitk.Image, profile: Profile) -> list[Finding]:
    """Return the failure of voxel type or values that the platform finds in a segmentation; empty without one."""
    not_valid = f"The image produced in {socket.relative_path!r} is not valid."
    values = _segments(path, image, profile.segments_limit)
    if values is None:
        return [
            failure(
                "import",
                f"{not_valid} Image segments could not be determined, ensure the voxel values are integers and that it"
                f" contains no more than {profile.segments_limit} segments. Ensure the image has the minimum and"
                " maximum voxel values set as tags if the image is a TIFF file.",
                f"{path.name} holds {image.GetPixelIDTypeAsString()}, {image.GetNumberOfComponentsPerPixel()} a voxel,"
                f" in {image.GetDimension()}-D; only one 8-bit integer (Int8 or UInt8) a voxel is taken for a"
                " segmentation, of a 4-D image only 0 and 1, and of a TIFF only with the tags of its smallest and"
                " largest value.",
            )
        ]
    allowed = {0, *socket.labels}
    if values <= allowed:
        return []
    return [
        failure(
            "import",
            f"{not_valid} The valid voxel values for this segmentation are: {allowed}. This segmentation is invalid as"
            f" it contains the voxel values: {set(values - allowed)}.",
            "Was the model trained on another label set, or its output not reduced to the socket's labels?",
        )
    ]


def _segments(path: Path, image: sitk.Image, most: int) -> frozenset[int] | None:
    """Return the values that the platform's importer takes for segments; None for what is no segmentation."""
    if _is_tiff(path):
        return segments_of(first_page_tags(path), most=most)
    if image.GetNumberOfComponentsPerPixel() != 1 or image.GetPixelID() not in _SEGMENTATION_TYPES:
        return None
    values = frozenset(int(value) for value in np.unique(sitk.GetArrayViewFromImage(image)))
    if image.GetDimension() < 4:
        return values
    volumes = image.GetSize()[3]
    return frozenset(range(1, volumes + 1)) if volumes <= most and values <= {0, 1} else None


def _stray(paths: list[Path]) -> list[Finding]:
    """Return a warning of files outside the declared outputs, which the platform does not collect."""
    if not paths:
        return []
    return [warning("import", f"Not a declared output, and not collected: {_listed(paths)}.")]


def _listed(paths: list[Path]) -> str:
    shown = ", ".join(str(path) for path in paths[:5])
    return shown + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
