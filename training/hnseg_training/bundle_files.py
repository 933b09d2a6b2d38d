"""Files of a bundle: their mode, their checksums, and the archive of them."""

from __future__ import annotations

import gzip
import tarfile
from pathlib import Path

from hnseg.imaging.files.checksum import sha256_of
from hnseg.inference.model.manifest import MANIFEST_FILE

READABLE = 0o644
"""Mode of a bundle's files: a container runs as somebody else than who exported them."""


def bundle_files(folder: Path) -> list[Path]:
    """Return the files of a bundle, sorted, those of a cascade's first stage with them."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def checksums(bundle: Path) -> dict[str, str]:
    """Return the checksum of every file of a bundle but its manifest, by its path in the folder."""
    files = [path for path in bundle_files(bundle) if path != bundle / MANIFEST_FILE]
    return {path.relative_to(bundle).as_posix(): sha256_of(path) for path in files}


def write_archive(folder: Path, archive: Path) -> None:
    """Pack a folder's files at the root of a gzipped tar; the same files give the same bytes."""
    with (
        archive.open("wb") as file,
        gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as tar,
    ):
        for path in bundle_files(folder):
            # Nobody's, of no date, as readable as it must be.
            member = tarfile.TarInfo(f"./{path.relative_to(folder).as_posix()}")
            member.size = path.stat().st_size
            member.mode = READABLE
            with path.open("rb") as content:
                tar.addfile(member, content)
