"""From a label map to the one file that the platform collects."""

from __future__ import annotations

import os
from pathlib import Path
from shutil import disk_usage

import numpy as np
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid, LabelArray, array_of, image_of
from hnseg.platform.case import Case
from hnseg.platform.labels import in_words, unexpected_values
from hnseg.platform.spec import ChallengeSpec

FILE_NAME = "output.mha"
_UNFINISHED = ".hnseg-unfinished.mha"  # beside the socket's top folder: on its file system, outside what is collected


def clear_output(spec: ChallengeSpec, output_dir: Path) -> None:
    """Make the output socket's folder, remove what an earlier run left there, and make sure of write permission.

    Meant for the start of a run, so that no time is spent on a result that has no place.

    Raises:
        OutputError: The folder can't be written, or holds files of another origin, which are left alone.
    """
    folder = output_dir / spec.output.relative_path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder / FILE_NAME, output_dir / _UNFINISHED):
            path.unlink(missing_ok=True)
            path.touch()
            path.unlink()
        others = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise OutputError(
            f"The folder {folder} must be writable, but writing there failed ({error.strerror}). Is {output_dir}"
            f" mounted read-only, full, or owned by another user than the one that runs this (uid {os.getuid()})?"
        ) from error
    if others:
        raise OutputError(
            f"{FILE_NAME} must be the only file in {folder}, but {', '.join(others[:3])} is there already."
            " Was the output of another run left in place?"
        )


def write_output(spec: ChallengeSpec, label_map: sitk.Image, case: Case, output_dir: Path) -> Path:
    """Write a case's label map as the one image of the output socket.

    Args:
        spec: Where it goes and which labels it may hold.
        label_map: Any integer type, on the reference's grid.
        case: Gives the reference, whose geometry is taken over to the last bit.
        output_dir: Receives the socket's folder.

    Returns:
        The file: compressed MetaImage, uint8, read back and compared before it got its name.

    Raises:
        OutputError: The label map is not what the challenge accepts, or can't be written; then there is no file.
    """
    grid = Grid.of(case.reference)
    if difference := Grid.of(label_map).differences(grid):
        reference = spec.input(spec.output.on_grid_of).title
        raise OutputError(
            f"The {spec.output.title} must be on the grid of the {reference}, but has {difference}."
            " The method's finish step returned it on another grid."
        )
    if wrong := unexpected_values(label_map, spec.output.labels):
        raise OutputError(
            f"The {spec.output.title} must hold only {in_words(spec.output.labels)}, but also holds"
            f" {', '.join(f'{value:g}' for value in wrong[:5])}. Was the model trained on another label set?"
        )
    return _write(spec, array_of(label_map).astype(np.uint8), grid, output_dir)


def write_empty(spec: ChallengeSpec, grid: Grid, output_dir: Path) -> Path:
    """Write a label map of background only, as `write_output` would."""
    return _write(spec, np.zeros(grid.shape_zyx, np.uint8), grid, output_dir)


def _write(spec: ChallengeSpec, labels: LabelArray, grid: Grid, output_dir: Path) -> Path:
    unfinished = output_dir / _UNFINISHED
    final = output_dir / spec.output.relative_path / FILE_NAME
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        sitk.WriteImage(image_of(labels, grid), str(unfinished), useCompression=True)
        # ITK reports no error when a small file found no room: only reading it back shows that it is there.
        _check_written(unfinished, labels, grid)
        unfinished.replace(final)
    except (OSError, RuntimeError) as error:
        free_mib = disk_usage(output_dir).free / (1 << 20)
        raise OutputError(
            f"{final} must be written whole, but that failed, with {free_mib:.1f} MiB free there. Is the disk full?"
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return final


def _check_written(path: Path, labels: LabelArray, grid: Grid) -> None:
    written: sitk.Image = sitk.ReadImage(str(path))
    # Exactly, not within a tolerance: an origin that is off by a millionth already trips some evaluations.
    if Grid.of(written) != grid or not np.array_equal(array_of(written), labels):
        raise OSError(f"{path} does not read back as it was written")
