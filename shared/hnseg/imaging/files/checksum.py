"""Checksum of a file or several, by which they are recorded and told from others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 as 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_all(checksums: Mapping[str, str]) -> str:
    r"""Return the SHA-256 over files' names and checksums: that of the lines `sha256sum` writes, sorted by name.

    >>> sha256_of_all({"b": "22", "a": "11"}) == hashlib.sha256(b"11  a\n22  b\n").hexdigest()
    True
    """
    lines = "".join(f"{checksum}  {name}\n" for name, checksum in sorted(checksums.items()))
    return hashlib.sha256(lines.encode()).hexdigest()
