"""Files of one case by socket, wherever they lie: below the mounted input folder, or named one by one."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from hnseg.records import Frozen


class InputFiles(Frozen):
    """Files of a case's images and values, found and not yet opened."""

    images: dict[str, Path]
    """File of each image that is there, by the slug of its socket."""
    values: dict[str, Path] = Field(default_factory=dict)
    """File of each JSON value, by the slug of its socket; it need not exist."""
    inside: Path | None = None
    """Folder that no symbolic link may lead out of; None for links to anywhere."""
    notes: tuple[str, ...] = ()
    """Remarks on what was not understood in looking for them: a sentence each."""
