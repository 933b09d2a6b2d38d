"""Files of an uncertainty: two images and a table in a folder, all of them written or none.

| file | content |
|---|---|
| `entropy.nii.gz` | predictive entropy, float32, in nats, on the image's grid |
| `mutual_information.nii.gz` | mutual information, the same |
| `structures.json` | `hnseg.inference.labelling.structure_table.UncertaintyTable` |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import Output, OutputFiles, reason_of, write_image
from hnseg.inference.labelling.uncertainty import Uncertainty

ENTROPY, MUTUAL_INFORMATION, STRUCTURES = "entropy.nii.gz", "mutual_information.nii.gz", "structures.json"


def uncertainty_outputs(folder: Path | None) -> tuple[Output, ...]:
    """Return the files of an uncertainty to be written to a folder, or none.

    Args:
        folder: Folder that receives them; None where none was asked for.
    """
    if folder is None:
        return ()
    promise = f"The uncertainty must be written to {folder}"
    return tuple(Output(_option(name), folder / name, promise) for name in (ENTROPY, MUTUAL_INFORMATION, STRUCTURES))


@contextmanager
def folder_made(folder: Path | None, title: str = "The uncertainty") -> Iterator[None]:
    """Make a folder for the files with its parents, and remove it again if the block fails and it was not there.

    Args:
        folder: Folder to make; None for none.
        title: What it is for, in a sentence for the error.

    Raises:
        OutputError: It can't be made.
    """
    if folder is None or folder.is_dir():
        yield
        return
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"{title} must be written to a folder, but {folder} can't be made: {reason_of(error)}."
            " Is it a file, or in a place without permission to write?"
        ) from error
    try:
        yield
    finally:
        if not any(folder.iterdir()):
            folder.rmdir()


def are_asked_for(files: OutputFiles) -> bool:
    """Return whether `uncertainty_outputs` are among the files of a verb."""
    return files.has(_option(ENTROPY))


def write_uncertainty(files: OutputFiles, uncertainty: Uncertainty) -> None:
    """Write the provisional files of an uncertainty, where `uncertainty_outputs` are among the files.

    Raises:
        OutputError: Writing failed.
    """
    files.write(_option(ENTROPY), lambda path: write_image(uncertainty.entropy, path))
    files.write(_option(MUTUAL_INFORMATION), lambda path: write_image(uncertainty.mutual_information, path))
    table = uncertainty.table.model_dump_json(indent=2) + "\n"
    files.write(_option(STRUCTURES), lambda path: path.write_text(table, encoding="utf-8"))


def _option(name: str) -> str:
    return f"--uncertainty ({name})"
