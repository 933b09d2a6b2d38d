"""Headers of image files: the parser for each format, chosen by the file's name."""

from __future__ import annotations

from pathlib import Path

from hnseg.errors import HeaderError
from hnseg.imaging.files.formats import has_suffix
from hnseg.imaging.files.header import Header
from hnseg.imaging.files.metaimage import read_metaimage_header
from hnseg.imaging.files.nifti import read_nifti_header
from hnseg.imaging.files.nrrd import read_nrrd_header

_PARSERS = {
    (".mha", ".mhd"): read_metaimage_header,
    (".nii", ".nii.gz"): read_nifti_header,
    (".nrrd",): read_nrrd_header,
}


def read_header(path: Path) -> Header:
    """Read the header of an image file, without ITK.

    Args:
        path: Regular file whose name ends as one of `hnseg.imaging.files.formats.FORMATS`, in any case.

    Returns:
        Promise of the header: size, type, and place of the voxels, which are not looked at.

    Raises:
        HeaderError: The header is not one of an image that is understood, or the format is not read.
        OSError: The file can't be read.
    """
    for suffixes, parse in _PARSERS.items():
        if has_suffix(path.name, suffixes):
            with path.open("rb") as file:
                return parse(path, file)
    raise HeaderError("its name does not end as that of a MetaImage, NIfTI or NRRD")
