"""Formats of image files, by the ends of their names: the only list of them, and the uses of each.

Every format here can be read by SimpleITK as one 3-D image. Names are compared as they are, in lower case.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Format(NamedTuple):
    """Format of image files, and its uses.

    Attributes:
        suffix: End of the name, such as `.nii.gz`.
        is_mounted: Whether a case's inputs may have it. The platform itself mounts .mha and .tif; the others are those
            of local test packs and of public data.
        is_collected: Whether the platform accepts it as an output: it imports MetaImage and TIFF only
            (DIAGNijmegen/rse-grand-challenge, `cases/image_builders`).
        is_written: Whether `hnseg predict` writes it: single files that keep origin and direction. Predictions are
            read back in these too.
    """

    suffix: str
    is_mounted: bool
    is_collected: bool
    is_written: bool


FORMATS = (
    Format(".mha", is_mounted=True, is_collected=True, is_written=True),
    Format(".mhd", is_mounted=False, is_collected=True, is_written=False),
    Format(".tif", is_mounted=True, is_collected=True, is_written=False),
    Format(".tiff", is_mounted=True, is_collected=True, is_written=False),
    Format(".nii.gz", is_mounted=True, is_collected=False, is_written=True),
    Format(".nii", is_mounted=False, is_collected=False, is_written=True),
    Format(".nrrd", is_mounted=True, is_collected=False, is_written=True),
)

READ = tuple(one.suffix for one in FORMATS)
"""Suffixes of all formats: files that are scored, rehearsed or converted may have any of them."""
MOUNTED = tuple(one.suffix for one in FORMATS if one.is_mounted)
"""Suffixes of a case's input images."""
NOT_COLLECTED = tuple(one.suffix for one in FORMATS if not one.is_collected)
"""Suffixes that the platform ignores among the outputs."""
WRITTEN = tuple(one.suffix for one in FORMATS if one.is_written)
"""Suffixes of label maps that `hnseg predict` writes."""


def images_in(folder: Path) -> list[Path]:
    """Return the image files in a folder, sorted by name; hidden files are left out, and a missing folder has none.

    Only names are compared; the files are not opened.
    """
    return sorted(path for path in folder.glob("[!.]*") if path.name.endswith(READ) and path.is_file())


def stem_of(name: str) -> str:
    """Return a file's name without an image's suffix.

    >>> stem_of("case_003.nii.gz")
    'case_003'
    >>> stem_of("notes.txt")
    'notes.txt'
    """
    suffix = next((suffix for suffix in READ if name.endswith(suffix)), "")
    return name.removesuffix(suffix)
