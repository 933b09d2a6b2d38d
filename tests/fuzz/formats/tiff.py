"""TIFF files of one slice after the other, written by hand, with their page directories changed."""

from __future__ import annotations

import random
import struct

from tests.fuzz.formats.streams import change_bytes, raw
from tests.fuzz.volumes import Volume


def encoded(volume: Volume) -> bytes:
    """Return a TIFF of uncompressed slices."""
    _, rows, columns = volume.array.shape
    parts, offset = [b"II*\0"], 8
    pages = [raw(page) for page in volume.array]
    directories = []
    for page in pages:
        tags = {256: columns, 257: rows, 258: 8 * volume.array.itemsize, 259: 1, 262: 1, 273: offset, 277: 1}
        directories.append(tags | {278: rows, 279: len(page), 339: 2})
        offset += len(page)
    parts += [struct.pack("<I", offset), *pages]
    for number, tags in enumerate(directories):
        offset += 2 + 12 * len(tags) + 4
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
        following = offset if number + 1 < len(directories) else 0
        parts.append(struct.pack("<H", len(tags)) + entries + struct.pack("<I", following))
    return b"".join(parts)


def changed(rng: random.Random, volume: Volume) -> bytes:
    """Return a TIFF that is whole, whose directories form a circle, or with changed bytes."""
    whole = encoded(volume)
    looped = whole[:-4] + struct.pack("<I", struct.unpack_from("<I", whole, 4)[0])
    return rng.choice((whole, looped, change_bytes(rng, whole), b"II+\0\x08\0\0\0" + whole, b"MM\0*" + whole[4:]))
