"""Formats of image files, by the ends of their names: the only list of them, and the uses of each.

Names are compared in lower case: a file that ends in `.NII.GZ` is a NIfTI too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Format(NamedTuple):
    """Format of image files, and its uses.

    Attributes:
        suffix: End of the name, such as `.nii.gz`.
        is_read: Whether `hnseg.imaging.files.reading` reads it. A TIFF is found, and refused with a sentence: it holds
            no origin and no direction.
        is_mounted: Whether a case's inputs may have it. The platform itself mounts .mha and .tif; the others are those
            of local test packs and of public data.
        is_collected: Whether the platform accepts it as an output: it imports MetaImage and TIFF only
            (DIAGNijmegen/rse-grand-challenge, `cases/image_builders`).
        is_written: Whether `hnseg predict` writes it: single files that keep origin and direction. Predictions are
            read back in these too.
    """

    suffix: str
    is_read: bool
    is_mounted: bool
    is_collected: bool
    is_written: bool


FORMATS = (
    Format(".mha", is_read=True, is_mounted=True, is_collected=True, is_written=True),
    Format(".mhd", is_read=True, is_mounted=False, is_collected=True, is_written=False),
    Format(".tif", is_read=False, is_mounted=True, is_collected=True, is_written=False),
    Format(".tiff", is_read=False, is_mounted=True, is_collected=True, is_written=False),
    Format(".nii.gz", is_read=True, is_mounted=True, is_collected=False, is_written=True),
    Format(".nii", is_read=True, is_mounted=False, is_collected=False, is_written=True),
    Format(".nrrd", is_read=True, is_mounted=True, is_collected=False, is_written=True),
)

READ = tuple(one.suffix for one in FORMATS if one.is_read)
"""Suffixes of files that are read."""
MOUNTED = tuple(one.suffix for one in FORMATS if one.is_mounted)
"""Suffixes of a case's input images."""
NOT_COLLECTED = tuple(one.suffix for one in FORMATS if not one.is_collected)
"""Suffixes that the platform ignores among the outputs."""
WRITTEN = tuple(one.suffix for one in FORMATS if one.is_written)
"""Suffixes of label maps that `hnseg predict` writes."""

_ALL = tuple(one.suffix for one in FORMATS)


def has_suffix(name: str, suffixes: Iterable[str] = _ALL) -> bool:
    """Return whether a file's name ends with one of some suffixes, in any case.

    Args:
        name: Name of the file.
        suffixes: Suffixes in lower case, with their points; those of all formats if not given.

    >>> has_suffix("case_003.NII.GZ")
    True
    """
    return name.lower().endswith(tuple(suffixes))


def images_in(folder: Path) -> list[Path]:
    """Return the image files in a folder, sorted by name; hidden files are left out, and a missing folder has none.

    Only names are compared; the files are not opened.
    """
    return sorted(path for path in folder.glob("[!.]*") if has_suffix(path.name) and path.is_file())


def stem_of(name: str) -> str:
    """Return a file's name without an image's suffix.

    >>> stem_of("case_003.nii.gz")
    'case_003'
    >>> stem_of("notes.txt")
    'notes.txt'
    """
    return name[: -len(suffix)] if (suffix := suffix_of(name)) else name


def suffix_of(name: str) -> str:
    """Return the image's suffix at the end of a file's name, in lower case; empty where it has none.

    >>> suffix_of("case_003.NII.GZ")
    '.nii.gz'
    """
    return next((suffix for suffix in _ALL if has_suffix(name, (suffix,))), "")
