"""Folders of one run of a case: copies that any user may read, and empty ones that any user may write."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from hnseg.errors import InputError, ModelError
from hnseg.rehearsal.cases import CaseFolder
from hnseg.rehearsal.preparing.unpacking import unpack_model
from hnseg.rehearsal.running.input_link import CURRENT
from hnseg.rehearsal.running.removal import remove_tree


@dataclass(frozen=True)
class Workplace:
    """Folders and log files of one run; all but the model's, where that is no copy, exist for this run only.

    Attributes:
        input_dir: Input of the case, readable for every user: /input. A link beside it, `CURRENT`, leads to it.
        output_dir: Empty folder, writable for every user: /output.
        scratch_dir: Empty folder, writable for every user: /tmp.
        held_dir: Empty folder, writable for every user, for what a container's first process has to tell.
        model_dir: Folder of the weights, or a copy of it: /opt/ml/model.
        stdout: File that receives the program's output.
        stderr: File that receives the program's errors.
        listener: Function that gets what the program writes to stdout, as it comes; None for none.
    """

    input_dir: Path
    output_dir: Path
    scratch_dir: Path
    held_dir: Path
    model_dir: Path
    stdout: Path
    stderr: Path
    listener: Callable[[bytes], object] | None = None

    @property
    def inputs_dir(self) -> Path:
        """Folder of the input's folder and of the link to it."""
        return self.input_dir.parent


@contextmanager
def workplace(case: CaseFolder, model_dir: Path, *, may_write_model: bool = False) -> Iterator[Workplace]:
    """Make the folders of one run, with a copy of a case's input, and remove them afterwards.

    Args:
        case: Case whose input is copied.
        model_dir: Folder of the weights.
        may_write_model: Whether the program may write to its model, as on the platform, and gets a copy of it.

    Raises:
        InputError: The case's input can't be copied.
        ModelError: The model is to be copied, and can't be.
    """
    with empty_workplace(model_dir, may_write_model=may_write_model) as work:
        work.input_dir.rmdir()
        _copy_input(case, work.input_dir)
        yield work


@contextmanager
def empty_workplace(model_dir: Path, *, may_write_model: bool = False) -> Iterator[Workplace]:
    """Make the folders of one run, with an empty one for the input, and remove them afterwards.

    No other user of this machine gets into them: under the platform's own confinement a program may leave files there
    that run as root. Arguments and errors are those of `workplace`.
    """
    folder = Path(mkdtemp(prefix="hnseg-rehearsal-"))
    try:
        if may_write_model:
            model_dir = _copy_model(model_dir, folder / "model")
        work = Workplace(
            input_dir=folder / "inputs" / "case-input",
            output_dir=folder / "output",
            scratch_dir=folder / "scratch",
            held_dir=folder / "held",
            model_dir=model_dir,
            stdout=folder / "stdout.txt",
            stderr=folder / "stderr.txt",
        )
        work.input_dir.mkdir(parents=True)
        (work.inputs_dir / CURRENT).symlink_to(work.input_dir.name)
        for writable in (work.output_dir, work.scratch_dir, work.held_dir):
            writable.mkdir()
            writable.chmod(0o777)
        yield work
    finally:
        remove_tree(folder)


@contextmanager
def model_folder(model: Path) -> Iterator[Path]:
    """Yield the folder to mount as /opt/ml/model.

    Args:
        model: Folder of the weights, yielded as it is; or model.tar.gz, unpacked into a folder that is removed
            afterwards.

    Raises:
        ModelError: There is no such folder or archive, or it can't be unpacked as the platform does.
    """
    model = model.resolve()
    if model.is_dir():
        yield model
        return
    if not model.is_file():
        raise ModelError(f"The model must be a folder or a .tar.gz of its contents, but {model} does not exist.")
    unpacked = Path(mkdtemp(prefix="hnseg-model-"))
    try:
        unpack_model(model, unpacked)
        _let_everyone_read(unpacked)
        yield unpacked
    finally:
        remove_tree(unpacked)


@contextmanager
def no_model() -> Iterator[Path]:
    """Yield an empty folder to mount as /opt/ml/model, as on the platform where the weights are in the image."""
    with TemporaryDirectory(prefix="hnseg-model-") as folder:
        empty = Path(folder) / "none"
        empty.mkdir()
        _let_everyone_read(Path(folder))
        yield empty


def check_readable(model_dir: Path) -> None:
    """Check that a container's user, who is not this one, could read the model.

    Raises:
        ModelError: A file or folder is closed to other users.
    """
    hidden = unreadable_for_others(model_dir)
    if hidden:
        raise ModelError(
            f"Every file of the model must be readable for the container's user, but {len(hidden)} can't be read by"
            f" others, such as {hidden[0]}. The platform hands them to that user; here, run: chmod -R a+rX {model_dir}"
        )


def unreadable_for_others(folder: Path) -> list[Path]:
    """Return the files and folders that another user could not read; a link that leads nowhere is not one."""
    return [path for path in (folder, *sorted(folder.rglob("*"))) if not _others_may_read(path)]


def _copy_input(case: CaseFolder, folder: Path) -> None:
    """Copy a case's input, because a container's user may not be allowed to read it, and links may lead out of it."""
    try:
        shutil.copytree(case.input_dir, folder)
    except shutil.Error as error:
        first, _, reason = error.args[0][0]
        raise InputError(
            f"Every file of a case's input must be readable, but {first} could not be copied ({reason})."
            " Is it a pipe, or a link that leads nowhere?"
        ) from error
    _let_everyone_read(folder)


def _copy_model(model_dir: Path, folder: Path) -> Path:
    """Copy the model into a folder to which every user may write: its top is 0777 on the platform, the rest is not."""
    try:
        shutil.copytree(model_dir, folder, symlinks=True)
    except shutil.Error as error:
        first, _, reason = error.args[0][0]
        raise ModelError(
            f"Every file of the model must be readable, but {first} could not be copied ({reason}). Is it a pipe?"
        ) from error
    folder.chmod(0o777)
    return folder


def size_bytes(folder: Path) -> int:
    """Return the size of all files below a folder, in bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _others_may_read(path: Path) -> bool:
    needed = 0o005 if path.is_dir() else 0o004
    return not path.exists() or path.stat().st_mode & needed == needed


def _let_everyone_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
