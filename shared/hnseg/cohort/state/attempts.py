"""Attempts at the cases of one run, counted in files: the loss of a worker does not lose count."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import OutputError


@dataclass(frozen=True)
class AttemptCounts:
    """Counts of the attempts at each case that has begun in one run and not ended.

    A file has a byte for each attempt. The next worker opens it anew, so that network file systems show all bytes.

    Attributes:
        folder: Folder of this run's counts; made where it does not exist.
    """

    folder: Path

    def begin(self, case: str) -> int:
        """Count an attempt at a case before it begins, and return its number, from 1.

        The count is on the disk afterwards, whatever becomes of this process.

        Raises:
            OutputError: It can't be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with (self.folder / case).open("ab") as file:
                file.write(b".")
                file.flush()
                os.fsync(file.fileno())
                return file.tell()
        except OSError as error:
            raise OutputError(
                f"The attempts at {case} must be counted in {self.folder}, but that failed: {error.strerror}."
                " Is the disk full, or the folder not writable?"
            ) from error

    def forget(self, case: str) -> None:
        """Remove the count of a case that has ended; what can't be removed is so with the folder."""
        with suppress(OSError):
            (self.folder / case).unlink()
