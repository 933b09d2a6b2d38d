"""Files that a verb writes: checked before its work, written under provisional names, and renamed in the end.

The provisional files lie in a hidden folder beside their places, on the same file system, so that renaming replaces a
former file at once. A verb that fails leaves every former file as it was. A link is followed; a device or a pipe, such
as /dev/stdout, is written to and never replaced.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import TypeVar

import numpy as np
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import array_of
from hnseg.machine import is_exhausted
from hnseg.signals import STOPPING, sigterm_unwinds

Written = TypeVar("Written")
_PREFIX = ".unfinished-"


@dataclass(frozen=True)
class Output:
    """File that a verb was asked to write.

    Attributes:
        option: Option that names the file, such as `--json`.
        path: Path as it was given; None where the option was not used.
        promise: Start of the sentence for a failure, such as "The score must be written to score.json"; where it is
            empty, the sentence starts with the path.
        suffixes: Ends that the name may have, in capitals too; empty where the content does not depend on the name.
    """

    option: str
    path: Path | None
    promise: str = ""
    suffixes: tuple[str, ...] = ()

    def failure(self, reason: str) -> OutputError:
        """Return the error of a file that can't be written."""
        return OutputError(
            f"{self.promise or f'{self.path} must be written'}, but that failed: {reason}."
            " Does the folder exist, and is there space and permission to write?"
        )


@dataclass(frozen=True)
class _Place:
    """Provisional and final path of an output; `final` is None where the content is copied to a device or a pipe."""

    output: Output
    provisional: Path
    given: Path
    final: Path | None


class OutputFiles:
    """Provisional files of a verb, by the options that name them."""

    def __init__(self, places: Iterable[_Place]) -> None:
        """Take the places of the outputs that were asked for."""
        self._places = {place.output.option: place for place in places}

    def has(self, option: str) -> bool:
        """Return whether an option was used."""
        return option in self._places

    def folder_of(self, option: str) -> Path:
        """Return the folder of the provisional file of an option that was used."""
        return self._places[option].provisional.parent

    def write(self, option: str, writer: Callable[[Path], Written]) -> Written | None:
        """Write the file of an option, or nothing where the option was not used.

        Args:
            option: Option that names the file.
            writer: Function that writes the provisional file; its name ends as the final one.

        Returns:
            Result of the writer; None where the option was not used.

        Raises:
            OutputError: Writing failed.
        """
        if option not in self._places:
            return None
        place = self._places[option]
        try:
            return writer(place.provisional)
        except (OSError, RuntimeError) as error:
            if is_exhausted(error):
                raise
            raise place.output.failure(reason_of(error)) from error

    def give_names(self) -> None:
        """Give every file that was written its name, in place of a former one. Signals wait meanwhile.

        Raises:
            OutputError: A file can't get its name.
        """
        former = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        try:
            for place in self._places.values():
                if place.provisional.exists():
                    _give_name(place)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)


@contextmanager
def output_files(*outputs: Output, inputs: Iterable[Path] = ()) -> Iterator[OutputFiles]:
    """Check the outputs before any work, and give them their names when the block ends without an error.

    An output that the block did not write is left as it was.

    Args:
        outputs: Files that the verb was asked to write.
        inputs: Files that the verb reads, none of which an output may replace; of a folder, no file in it.

    Raises:
        OutputError: An output has another suffix, no folder, or a place that can't be written to; it is an input or
            another output; or it can't get its name in the end.
    """
    asked = [output for output in outputs if output.path is not None]
    _check(asked, list(inputs))
    with sigterm_unwinds():
        folders: list[Path] = []
        places: list[_Place] = []
        try:
            for output in asked:
                places.append(_place_of(output, places, folders))
            files = OutputFiles(places)
            yield files
            files.give_names()
        finally:
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)


def write_image(image: sitk.Image, path: Path) -> None:
    """Write a compressed image and read it back, because ITK does not report a full disk.

    Raises:
        OSError: The file does not hold the image's voxels.
        RuntimeError: ITK can't write it.
    """
    sitk.WriteImage(image, str(path), True)
    if not np.array_equal(array_of(sitk.ReadImage(str(path))), array_of(image)):
        raise OSError(f"{path.name} is not whole")


def reason_of(error: OSError | RuntimeError) -> str:
    """Return why the system or ITK could not write, in a few words without a full stop.

    >>> reason_of(FileNotFoundError(2, "No such file or directory", "a/b"))
    'No such file or directory'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).strip().rpartition("Reason: ")[2].splitlines() or [type(error).__name__]
    return lines[-1].strip().rstrip(".")


def _check(outputs: Sequence[Output], inputs: Sequence[Path]) -> None:
    """Refuse an output of another suffix, one that is an input, and two that are one file."""
    for number, output in enumerate(outputs):
        path = _path_of(output)
        if output.suffixes and not path.name.lower().endswith(output.suffixes):
            kinds = ", ".join(output.suffixes)
            raise OutputError(f"{output.option} must be one file of type {kinds}, but {path} was asked for.")
        for given in inputs:
            if _is_in(path, given):
                raise OutputError(
                    f"{output.option} must not replace an input, but {path} is {_in_words(path, given)}."
                    " Name another file; nothing was written."
                )
        for other in outputs[:number]:
            if _is_same(path, _path_of(other)):
                raise OutputError(f"{other.option} and {output.option} must be two files, but both are {path}.")


def _path_of(output: Output) -> Path:
    if output.path is None:
        raise ValueError(f"{output.option} has no path")
    return output.path


def _in_words(path: Path, given: Path) -> str:
    if given.is_dir():
        return f"a file of {given}"
    return "read" if path == given else f"the same file as {given}, which is read"


def _is_in(path: Path, given: Path) -> bool:
    """Return whether writing to a path would replace a file that is given, or an existing one in a folder."""
    if given.is_dir():
        return _status(path) is not None and given.resolve() in path.resolve().parents
    return _is_same(path, given)


def _is_same(path: Path, other: Path) -> bool:
    """Return whether two paths are one file, be it by links, or will be one; devices and pipes never are."""
    status, of_other = _status(path), _status(other)
    if status is None or of_other is None:
        return os.path.realpath(path) == os.path.realpath(other)
    return stat.S_ISREG(status.st_mode) and os.path.samestat(status, of_other)


def _status(path: Path) -> os.stat_result | None:
    """Return the status of the file that a path leads to; None where there is none."""
    try:
        return path.stat()
    except OSError:
        return None


def _place_of(output: Output, others: Sequence[_Place], folders: list[Path]) -> _Place:
    """Return an output's place, in a provisional folder that others share; one that is made is added to `folders`."""
    path = _path_of(output)
    suffix = next((suffix for suffix in output.suffixes if path.name.lower().endswith(suffix)), "")
    name = path.name[: len(path.name) - len(suffix)] + suffix  # ITK writes another format to a name in capitals
    try:
        final = _final_of(path)
        parent = Path(gettempdir()) if final is None else final.parent
        folder = next((made for made in folders if made.parent == parent), None)
        if folder is None or folder / name in {other.provisional for other in others}:
            folder = Path(mkdtemp(prefix=_PREFIX, dir=parent))
            folders.append(folder)
    except OSError as error:
        raise output.failure(reason_of(error)) from error
    return _Place(output, folder / name, path, final)


def _final_of(path: Path) -> Path | None:
    """Return the file that a path leads to, which need not exist; None for a device or a pipe.

    Raises:
        OSError: It is a folder, or a file that this user must not write to.
    """
    if not path.exists():
        return Path(os.path.realpath(path))
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return Path(os.path.realpath(path)) if stat.S_ISREG(mode) else None


def _give_name(place: _Place) -> None:
    try:
        if place.final is None:
            with place.provisional.open("rb") as content, place.given.open("wb") as receiver:
                shutil.copyfileobj(content, receiver)
            return
        if place.final.exists():
            shutil.copymode(place.final, place.provisional)
        place.provisional.replace(place.final)
    except OSError as error:
        raise place.output.failure(reason_of(error)) from error
