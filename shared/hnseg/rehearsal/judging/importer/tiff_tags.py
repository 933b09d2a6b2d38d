"""First page of a TIFF as the platform's importer judges it: by its tags alone, without a look at its pixels.

After DIAGNijmegen/rse-panimg at 926e864 (0.18.2), `image_builders/tiff.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

_FORMATS = {1: "B", 3: "H", 4: "I", 5: "II", 6: "b", 8: "h", 9: "i", 16: "Q"}
_WIDTH, _HEIGHT, _PHOTOMETRIC, _SAMPLES, _FORMAT = 256, 257, 262, 277, 339
_RESOLUTIONS, _UNIT = (282, 283), 296
_SMALLEST, _LARGEST = (280, 340), (281, 341)
_COLOURS = {1, 2, 6}  # black is zero, RGB, YCbCr
_UNITS = {2, 3}  # inch, centimetre
_MOST_ENTRIES = 4096

Tags = Mapping[int, tuple[int, ...]]
"""Values of whole numbers and fractions by their tag; only those that fit into their entry, or one fraction."""


def first_page_tags(path: Path) -> Tags:
    """Return the tags of a TIFF's first page, classic or Big; none where it can't be read.

    Args:
        path: Image file.

    Raises:
        OSError: The file can't be read.
    """
    with path.open("rb") as file:
        try:
            return dict(_tags(file))
        except (struct.error, OverflowError):
            return {}


def _tags(file: BinaryIO) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the tags of the first page with their values."""
    head = file.read(16)
    order = "<" if head.startswith(b"II") else ">"
    is_big = struct.unpack_from(f"{order}H", head, 2)[0] == 43
    word, count_code = (f"{order}Q", f"{order}Q") if is_big else (f"{order}I", f"{order}H")
    entry = struct.Struct(f"{order}HHQ8s" if is_big else f"{order}HHI4s")
    file.seek(struct.unpack_from(word, head, 8 if is_big else 4)[0])
    (count,) = struct.unpack(count_code, file.read(struct.calcsize(count_code)))
    for tag, kind, number, value in entry.iter_unpack(file.read(entry.size * min(count, _MOST_ENTRIES))):
        form = order + _FORMATS.get(kind, "")
        if number == 1 and kind in _FORMATS:
            if struct.calcsize(form) > len(value):
                file.seek(struct.unpack(word, value)[0])
                value = file.read(8)  # noqa: PLW2901 (the value that the entry leads to)
            yield tag, struct.unpack_from(form, value)


def is_imported(tags: Tags) -> bool:
    """Return whether the importer takes an image of these tags: with a size, a resolution and a kind of colours."""
    size = all(tags.get(tag, (0,))[0] for tag in (_WIDTH, _HEIGHT))
    resolution = all(all(tags.get(tag, (0,))) for tag in _RESOLUTIONS)
    return size and resolution and tags.get(_UNIT, (0,))[0] in _UNITS and tags.get(_PHOTOMETRIC, (0,))[0] in _COLOURS


def segments_of(tags: Tags, *, most: int) -> frozenset[int] | None:
    """Return the values that the importer takes for a segmentation's: all from the smallest to the largest one told.

    Args:
        tags: Tags of the first page.
        most: Number of segments above which it is no segmentation.

    Returns:
        The values; None where one isn't told. As there, a smallest or largest sample value of 0 counts as not told.
    """
    if tags.get(_SAMPLES) != (1,) or tags.get(_FORMAT, (1,))[0] not in {1, 2}:
        return None
    smallest, largest = (_told(tags, names) for names in (_SMALLEST, _LARGEST))
    if smallest is None or largest is None or largest - smallest >= most:
        return None
    return frozenset(range(smallest, largest + 1))


def _told(tags: Tags, names: tuple[int, int]) -> int | None:
    """Return the value of the first of two tags that is there and not 0, or else of the second."""
    first, second = (tags.get(name, (None,))[0] for name in names)
    return first or second
