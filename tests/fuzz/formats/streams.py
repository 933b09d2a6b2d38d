"""Bytes of voxels: compressed in every way that a reader may meet, and changes to any bytes."""

from __future__ import annotations

import gzip
import random
import struct
import zlib

import numpy as np


def raw(array: np.ndarray, *, big_endian: bool = False) -> bytes:
    """Return the bytes of voxels (z, y, x), x fastest."""
    return array.astype(array.dtype.newbyteorder(">" if big_endian else "<")).tobytes()


def members(rng: random.Random, data: bytes) -> bytes:
    """Return data as several gzip members, one after the other, which gzip reads as one file."""
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randint(1, 3)))
    parts = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    return b"".join(gzip.compress(part, rng.choice((0, 1, 9)), mtime=0) for part in parts)


def odd_gzip(rng: random.Random, data: bytes) -> bytes:
    """Return data as a gzip stream that is unusual, and often damaged."""
    whole = gzip.compress(data, mtime=0)
    named = whole[:3] + bytes([0x18]) + whole[4:10] + b"name\0comment\0" + whole[10:]
    bomb = gzip.compress(data + bytes(rng.choice((1, 1 << 16, 1 << 24))), mtime=0)
    return rng.choice(
        (
            named,
            members(rng, data),
            members(rng, data)[:-9],
            gzip.compress(data[: len(data) // 2], mtime=0),
            gzip.compress(data, mtime=0) + gzip.compress(b"more", mtime=0),
            whole + b"\0" * 512,
            whole + b"junk",
            whole[:-8],
            whole[:-4] + struct.pack("<I", len(data) + 1),
            whole[:-8] + b"\1\2\3\4" + whole[-4:],
            zlib.compress(data),
            zlib.compress(data)[2:-4],
            bomb,
            b"",
            data,
        )
    )


def odd_zlib(rng: random.Random, data: bytes) -> bytes:
    """Return data as a zlib stream that is unusual, and often damaged."""
    whole = zlib.compress(data)
    return rng.choice(
        (
            zlib.compress(data, 0),
            gzip.compress(data, mtime=0),
            whole[:-4],
            whole[:-1] + bytes([whole[-1] ^ 1]),
            whole[: len(whole) // 2],
            whole + b"junk",
            whole + whole,
            zlib.compress(data[: len(data) // 2]),
            zlib.compress(data * 2),
            zlib.compress(data + bytes(rng.choice((1, 1 << 16, 1 << 24)))),
            zlib.compress(data)[2:-4],
            bytes(rng.randrange(256) for _ in range(len(whole))),
            b"",
            data,
        )
    )


def change_bytes(rng: random.Random, data: bytes) -> bytes:
    """Return bytes with one to four changes: flipped, cut, inserted, removed, doubled or zeroed."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = _change_once(rng, data)
    return data


def _change_once(rng: random.Random, data: bytes) -> bytes:
    # Headers are short beside the voxels, so every other change falls into the first bytes.
    at = rng.randrange(max(1, min(len(data), 400) if rng.random() < 0.5 else len(data)))
    length = rng.choice((1, 1, 2, 4, 16, 64, 500))
    noise = bytes(rng.randrange(256) for _ in range(length))
    there = data[at : at + length]
    flipped = bytes([there[0] ^ (1 << rng.randrange(8)), *there[1:]]) if there else b"x"
    before, after = data[:at], data[at + length :]
    others = (bytes(len(there)), b"\xff" * len(there), noise + there, there + there, b"", flipped, flipped)
    return before if rng.random() < 0.1 else before + rng.choice(others) + after
