"""Store of a cohort's results in one folder: outputs and status of each case, there whole or not at all."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from pydantic import ValidationError

from hnseg.cohort.state.attempts import AttemptCounts
from hnseg.cohort.state.status import STATUS_FILE, CaseStatus
from hnseg.errors import OutputError
from hnseg.imaging.files.visible import visible_in

REPORT_FOLDER = "report"
"""Folder of a case's page, pictures and log."""
CASE_LOG = "log.txt"
"""Log of a case, in that folder."""
OWN_FOLDER = ".cohort"
"""Folder of what belongs to no case, and of the statuses of a flat store."""
_UNFINISHED = ".unfinished"
_OLD_S = 24 * 3600.0


@dataclass(frozen=True)
class CaseStore:
    """Folder of results.

    A case's outputs are made in a provisional folder below it, on the same file system, and get their place by renaming
    when they are complete: killed at any moment, a case is there whole or not at all.

    Attributes:
        folder: Folder of results; made where it does not exist.
        flat: Whether outputs lie in that folder itself, as nnU-Net's do, and the statuses in hidden folders; if not,
            each case has a folder of its own.
    """

    folder: Path
    flat: bool = False

    def own_folder(self) -> Path:
        """Return the folder of what belongs to no case, made where it does not exist."""
        folder = self.folder / OWN_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def case_folder(self, name: str) -> Path:
        """Return the folder that holds the status of a case and its report; it need not exist."""
        return self.folder / OWN_FOLDER / name if self.flat else self.folder / name

    def output(self, name: str, path: str) -> Path:
        """Return an output file of a case by its path in the status."""
        return (self.folder if self.flat else self.case_folder(name)) / path

    def status(self, name: str) -> CaseStatus | None:
        """Return the status of a case; None where there is none that this version can read."""
        try:
            return CaseStatus.model_validate_json((self.case_folder(name) / STATUS_FILE).read_bytes())
        except (OSError, ValidationError):
            return None

    def names(self) -> list[str]:
        """Return the names of the cases that have a status, sorted."""
        folder = self.folder / OWN_FOLDER if self.flat else self.folder
        return [path.name for path in visible_in(folder) if (path / STATUS_FILE).is_file()]

    def check(self, name: str) -> None:
        """Check that nothing but a former result of a case would be replaced.

        Raises:
            OutputError: Its place is taken by something else.
        """
        place = self.case_folder(name)
        if place.is_symlink() or (place.exists() and not (place / STATUS_FILE).is_file()):
            raise OutputError(
                f"A case's result must be written to a new folder or replace a former result, but {place} is there and"
                f" holds no {STATUS_FILE}. Name another folder for the output; nothing was changed there."
            )

    @contextmanager
    def provisional(self) -> Iterator[Path]:
        """Make an empty folder with a `report` folder in it, and remove it afterwards, unless it was published."""
        with self._made() as made:
            made.chmod(0o755)
            (made / REPORT_FOLDER).mkdir()
            yield made

    @contextmanager
    def attempt_counts(self) -> Iterator[AttemptCounts]:
        """Make counts of attempts for one run, none so far, and remove them afterwards."""
        with self._made() as made:
            yield AttemptCounts(made)

    def publish(self, status: CaseStatus, made: Path) -> None:
        """Write the status of a case that has ended, and give its outputs and report their places.

        Args:
            status: Status, which replaces a former one.
            made: Provisional folder with the outputs that the status lists, and the report.

        Raises:
            OutputError: The place is taken by something else, or can't be written to.
        """
        self.check(status.case)
        try:
            write_whole(made / STATUS_FILE, status.model_dump_json(indent=2) + "\n", synced=True)
            if self.flat:
                self._publish_flat(status, made)
            else:
                self._replace(made, self.case_folder(status.case))
        except OSError as error:
            raise OutputError(
                f"The result of {status.case} must be written to {self.folder}, but that failed: {error.strerror}."
                " Is the disk full, or the folder not writable?"
            ) from error

    @contextmanager
    def swept(self, *, alone: bool) -> Iterator[None]:
        """Remove what was left unfinished, before and after: by runs that were killed, and by this one.

        Args:
            alone: Whether no other run can be writing to this folder; if not, only what a dead process of this host
                made, and what is older than a day, is removed.
        """
        self._sweep(alone=alone)
        try:
            yield
        finally:
            self._sweep(alone=alone)

    @contextmanager
    def _made(self) -> Iterator[Path]:
        """Make an empty folder of this process, and remove what is left of it afterwards."""
        made = self._new_folder()
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)

    def _new_folder(self) -> Path:
        parent = self.folder / _UNFINISHED
        while True:
            parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # a shard that ended has just removed the empty parent
                return Path(mkdtemp(prefix=f"{socket.gethostname()}-{os.getpid()}-", dir=parent))

    def _sweep(self, *, alone: bool) -> None:
        for path in (self.folder / _UNFINISHED).glob("*"):
            if alone or _is_left_behind(path):
                shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            (self.folder / _UNFINISHED).rmdir()

    def _publish_flat(self, status: CaseStatus, made: Path) -> None:
        former = self.status(status.case)
        place = self.case_folder(status.case)
        aside = made.with_name(f"{made.name}.former")
        with suppress(FileNotFoundError):
            place.rename(aside)  # whole, since what holds no status counts as someone else's; now the case is not done
        shutil.rmtree(aside, ignore_errors=True)
        for path in former.outputs if former else {}:
            self.output(status.case, path).unlink(missing_ok=True)
        for path in status.outputs:
            final = self.output(status.case, path)
            final.parent.mkdir(parents=True, exist_ok=True)
            (made / path).replace(final)
        self._replace(made, place)

    def _replace(self, made: Path, place: Path) -> None:
        """Give a folder its place; the former one is moved aside first, since a folder that is not empty stays."""
        place.parent.mkdir(parents=True, exist_ok=True)
        while True:
            if place.exists():
                with suppress(FileNotFoundError):  # another late writer moved it aside
                    place.rename(made.with_name(f"{made.name}.former"))
            try:
                made.rename(place)
            except OSError:
                if not place.exists():
                    raise
            else:
                break
            finally:
                shutil.rmtree(made.with_name(f"{made.name}.former"), ignore_errors=True)


def write_whole(path: Path, text: str, *, synced: bool = False) -> None:
    """Write a file that other processes read: it is there whole, with the former content or the new one.

    Args:
        path: File to write or to replace.
        text: Content, written as UTF-8.
        synced: Whether the content is on the disk before it gets its name, so that it is whole after a power cut too.

    Raises:
        OSError: It can't be written; the former content stays.
    """
    provisional = path.with_name(f".unfinished-{socket.gethostname()}-{os.getpid()}-{path.name}")
    try:
        with provisional.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            if synced:
                os.fsync(file.fileno())
        provisional.replace(path)
    finally:
        provisional.unlink(missing_ok=True)


def _is_left_behind(path: Path) -> bool:
    host, _, pid = path.name.rpartition("-")[0].rpartition("-")
    try:
        old = time.time() - path.stat().st_mtime > _OLD_S
    except OSError:
        return False
    return old or (host == socket.gethostname() and pid.isdecimal() and not _lives(int(pid)))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
