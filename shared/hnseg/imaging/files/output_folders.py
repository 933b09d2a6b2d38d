"""Folders that a verb fills: nothing that is there is lost, and a failed run leaves nothing in them."""

from __future__ import annotations

import filecmp
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import reason_of
from hnseg.signals import sigterm_unwinds


@contextmanager
def added_files(folder: Path) -> Iterator[Path]:
    """Yield a provisional folder, and move its files to the given one when the block ends without an error.

    The provisional folder holds copies of the tables (.csv) that the given folder has, so that the block can add rows
    to them. Every other file must be new, or the same byte for byte as the one that is there; and no file may be there
    already beside the images that are added, because a socket's folder holds one image.

    Args:
        folder: Folder to fill; made with its parents if it does not exist.

    Raises:
        OutputError: A file would be replaced or mixed with others, or the folder can't be written to; then no file of
            the block is there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with sigterm_unwinds(), TemporaryDirectory(prefix=".unfinished-", dir=folder) as temporary:
            provisional = Path(temporary)
            _copy_tables(folder, provisional)
            yield provisional
            files = [path.relative_to(provisional) for path in sorted(provisional.rglob("*")) if path.is_file()]
            added = [path for path in files if not _is_same(folder / path, provisional / path)]
            _check_new(added, folder)
            for path in added:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (provisional / path).replace(folder / path)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} must be writable, but writing there failed: {reason_of(error)}."
            " Is it a folder, with space and permission to write?"
        ) from error


def check_replaceable(folder: Path, *, names: Iterable[str], inputs: Iterable[Path]) -> None:
    """Check that a folder can be removed to make place for the results of a new run.

    Args:
        folder: Folder to be removed; it need not exist.
        names: Names of what an earlier run left in it.
        inputs: Files and folders that the run reads.

    Raises:
        OutputError: The folder holds something else, or an input; or an input holds it.
    """
    for given in inputs:
        if _overlap(folder.resolve(), given.resolve()):
            raise OutputError(
                f"The results must not replace an input, but they would be written to {folder}, and {given} is read."
                " Name another folder; nothing was written."
            )
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError(f"The results must be written to a new folder, but {folder} is a file or a link.")
    others = sorted({path.name for path in folder.iterdir()} - set(names)) if folder.exists() else []
    if others:
        some = ", ".join(others[:3]) + (" and more" if len(others) > 3 else "")
        raise OutputError(
            f"The results must be written to a new folder or replace those of an earlier run, but {folder} also holds"
            f" {some}. Name another folder; nothing was written."
        )


def _overlap(one: Path, other: Path) -> bool:
    """Return whether two resolved paths are the same, or one lies in the other."""
    return one == other or one in other.parents or other in one.parents


def _copy_tables(folder: Path, provisional: Path) -> None:
    """Copy the tables that lie in a folder or in its subfolders, without the hidden ones."""
    for pattern in ("[!.]*.csv", "[!.]*/[!.]*.csv"):
        for path in folder.glob(pattern):
            copy = provisional / path.relative_to(folder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


def _check_new(added: Iterable[Path], folder: Path) -> None:
    """Refuse files that would replace others, and images that would lie beside others in a socket's folder."""
    for path in added:
        there = folder / path
        if there.exists() and path.suffix != ".csv":
            raise OutputError(
                f"No file must be replaced, but {there} is there with another content. Remove it or name another"
                " folder."
            )
        if path.parent.parent.name == "images" and (others := _others_in(there)):
            raise OutputError(
                f"A socket's folder must hold one image, but {there.parent} has {others[0]} already. Was the case"
                " written with another seed? Remove it or name another folder."
            )


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and filecmp.cmp(path, other, shallow=False)


def _others_in(path: Path) -> list[str]:
    return sorted(other.name for other in path.parent.glob("[!.]*") if other.name != path.name)
