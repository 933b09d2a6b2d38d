"""Cases to rehearse: folders with an input and perhaps an expert's output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hnseg.errors import InputError
from hnseg.imaging.files.formats import images_in
from hnseg.printable import is_utf8, printable


@dataclass(frozen=True)
class CaseFolder:
    """One case on disk.

    Attributes:
        name: Name of the case's folder, in its printable form.
        input_dir: Folder that the container gets as /input.
        expected_dir: Folder of an expert's output, laid out as /output; empty or missing where there is none.
    """

    name: str
    input_dir: Path
    expected_dir: Path

    def reference(self, relative_path: str) -> Path | None:
        """Return the reference label map of an output socket's folder; None where there is none."""
        return next(iter(sorted((self.expected_dir / relative_path).glob("*.mha"))), None)


def first_image(folder: Path) -> Path | None:
    """Return the first image, by name, in a socket's folder; None where there is none."""
    return next(iter(images_in(folder)), None)


def find_cases(folders: Sequence[Path]) -> list[CaseFolder]:
    """Return the cases of these folders, sorted by name.

    Args:
        folders: Folders that hold `input` and perhaps `expected`, or that are input folders themselves.

    Raises:
        InputError: A folder is neither, or its path is not UTF-8, or two have the same name.
    """
    cases = [_case(folder) for folder in folders]
    names = [case.name for case in cases]
    twins = sorted({name for name in names if names.count(name) > 1})
    if twins:
        raise InputError(f"Cases must have different folder names, but these occur twice: {', '.join(twins)}.")
    return sorted(cases, key=lambda case: case.name)


def _case(folder: Path) -> CaseFolder:
    folder = folder.resolve()
    if not is_utf8(str(folder)):
        raise InputError(
            f"A case must be a folder with a path in UTF-8, but {printable(str(folder))} is not, so its images can't"
            " be opened. Was it unpacked with the names of another system?"
        )
    name = printable(folder.name)
    if (folder / "input").is_dir():
        return CaseFolder(name=name, input_dir=folder / "input", expected_dir=folder / "expected")
    if (folder / "images").is_dir() or (folder / "inputs.json").is_file():
        return CaseFolder(name=name, input_dir=folder, expected_dir=folder.parent / "expected")
    raise InputError(
        f"A case must be a folder with input/images/<socket>/<image> in it, but {folder} has no input folder."
        " Was the folder above or below it given?"
    )
