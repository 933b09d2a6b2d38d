"""The cases to rehearse, and the folders in which one of them runs."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from hnseg.errors import InputError, ModelError
from hnseg.imaging.files.formats import images_in


@dataclass(frozen=True)
class CaseFolder:
    """One case on disk.

    Attributes:
        name: The folder's name.
        input_dir: What the container sees as /input.
        expected_dir: What an expert put into /output, empty or missing where nobody did.
    """

    name: str
    input_dir: Path
    expected_dir: Path

    def reference(self, relative_path: str) -> Path | None:
        """Return the reference label map of an output socket, if there is one."""
        return next(iter(sorted((self.expected_dir / relative_path).glob("*.mha"))), None)


@dataclass(frozen=True)
class Workplace:
    """The folders of a case that runs; all but the model's are its own.

    Attributes:
        input_dir: A copy that everyone may read.
        output_dir: Empty, everyone may write.
        scratch_dir: Empty, everyone may write: /tmp.
        model_dir: What becomes /opt/ml/model.
        stdout: Receives what the container prints.
        stderr: Receives its errors.
    """

    input_dir: Path
    output_dir: Path
    scratch_dir: Path
    model_dir: Path
    stdout: Path
    stderr: Path


def first_image(folder: Path) -> Path | None:
    """Return the image in a socket's folder; None where there is none."""
    return next(iter(images_in(folder)), None)


def find_cases(folders: Sequence[Path]) -> list[CaseFolder]:
    """Return the cases of these folders, by name.

    Args:
        folders: Each holds `input` and perhaps `expected`, or is an input folder itself.

    Raises:
        InputError: A folder is neither, or two have the same name.
    """
    cases = [_case(folder) for folder in folders]
    names = [case.name for case in cases]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise InputError(f"Cases must have different folder names, but these occur twice: {', '.join(twins)}.")
    return sorted(cases, key=lambda case: case.name)


def _case(folder: Path) -> CaseFolder:
    folder = folder.resolve()
    if (folder / "input").is_dir():
        return CaseFolder(name=folder.name, input_dir=folder / "input", expected_dir=folder / "expected")
    if (folder / "images").is_dir() or (folder / "inputs.json").is_file():
        return CaseFolder(name=folder.name, input_dir=folder, expected_dir=folder.parent / "expected")
    raise InputError(
        f"A case must be a folder with input/images/<socket>/<image> in it, but {folder} has no input folder."
        " Was the folder above or below it given?"
    )


@contextmanager
def model_folder(model: Path) -> Iterator[Path]:
    """Give the folder to mount as /opt/ml/model: the model's own, or the unpacked model.tar.gz.

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
        _unpack(model, unpacked)
        _let_everyone_read(unpacked)
        yield unpacked
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, mode="r:gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ModelError(
            f"Could not set up model: {archive.name} must be a .tar.gz without absolute paths or links that lead out"
            f" of it, but unpacking failed ({error}). Pack it with: tar -czf model.tar.gz -C model ."
        ) from error


@contextmanager
def workplace(case: CaseFolder, model_dir: Path) -> Iterator[Workplace]:
    """Give the folders for one run of a case and remove them afterwards."""
    folder = Path(mkdtemp(prefix="hnseg-rehearsal-"))
    folder.chmod(0o755)
    try:
        # A copy, because a container's user may not be allowed to read, and links may lead out of, the original.
        shutil.copytree(case.input_dir, folder / "input")
        _let_everyone_read(folder / "input")
        for name in ("output", "scratch"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777)
        yield Workplace(
            input_dir=folder / "input",
            output_dir=folder / "output",
            scratch_dir=folder / "scratch",
            model_dir=model_dir,
            stdout=folder / "stdout.txt",
            stderr=folder / "stderr.txt",
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def unreadable_for_others(folder: Path) -> list[Path]:
    """Return the files and folders which a container's own user could not read."""
    return [path for path in (folder, *sorted(folder.rglob("*"))) if not _others_may_read(path)]


def size_bytes(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _others_may_read(path: Path) -> bool:
    needed = 0o005 if path.is_dir() else 0o004
    return not path.exists() or path.stat().st_mode & needed == needed


def _let_everyone_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
