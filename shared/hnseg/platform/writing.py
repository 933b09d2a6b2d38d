"""Writing of a label map and the answers beside it to the files that the platform collects: all of them, or none."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from shutil import disk_usage

import numpy as np
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.labels import in_words, unexpected_values
from hnseg.platform.answers import NO_ANSWERS, Answers, check_answers, empty_answers
from hnseg.platform.case import Case
from hnseg.platform.spec import ChallengeSpec

FILE_NAME = "output.mha"
_UNFINISHED = ".hnseg-unfinished"  # beside the sockets' top folder: on its file system, outside what is collected


def clear_output(spec: ChallengeSpec, output_dir: Path) -> None:
    """Make the output sockets' folders, remove the files of an earlier run, and check write permission.

    Meant for the start of a run, so that no time is spent on a result that has no place.

    Raises:
        OutputError: A folder can't be written, or the label map's folder holds files of another origin, which are kept.
    """
    folder = output_dir / spec.output.relative_path
    at = folder
    try:
        for path in _places(spec, output_dir).values():
            at = path.parent
            at.mkdir(parents=True, exist_ok=True)
            _clear(path)
        for path in _places(spec, output_dir):
            _clear(path)
        others = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise OutputError(
            f"The folder {at} must be writable, but writing there failed ({error.strerror}). Is {output_dir}"
            f" mounted read-only, full, or owned by another user than the one that runs this (uid {os.getuid()})?"
        ) from error
    if others:
        raise OutputError(
            f"{FILE_NAME} must be the only file in {folder}, but {', '.join(others[:3])} is there already."
            " Was the output of another run left in place?"
        )


def write_output(
    spec: ChallengeSpec, label_map: sitk.Image, case: Case, output_dir: Path, *, answers: Answers = NO_ANSWERS
) -> Path:
    """Write a case's label map as the one image of the output socket, and its answers.

    Args:
        spec: Description of the sockets: their paths, labels and choices.
        label_map: Label map of any integer type, on the reference's grid.
        case: Case with the reference, whose geometry is taken over to the last bit.
        output_dir: Folder that receives the sockets' folders and files.
        answers: Answers, one for each answer socket.

    Returns:
        File of the label map: compressed MetaImage, uint8. It and every answer, a bare JSON value, are read back and
        compared before they get their names.

    Raises:
        OutputError: The label map or an answer would not be accepted by the challenge, or one can't be written; then
            there is no file.
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
    check_answers(spec, answers)
    return _write(spec, image_of(array_of(label_map).astype(np.uint8), grid), answers, output_dir)


def write_empty(spec: ChallengeSpec, grid: Grid, output_dir: Path) -> Path:
    """Write a label map of background only and each answer's `if_empty`, as `write_output` would."""
    return _write(spec, image_of(np.zeros(grid.shape_zyx, np.uint8), grid), empty_answers(spec), output_dir)


def is_output_complete(spec: ChallengeSpec, output_dir: Path) -> bool:
    """Return whether the label map and every answer have been written since `clear_output`."""
    return all(path.is_file() for path in _places(spec, output_dir).values())


def withdraw_output(spec: ChallengeSpec, output_dir: Path) -> None:
    """Remove the files that were written for a case that failed after all."""
    for path in _places(spec, output_dir).values():
        path.unlink(missing_ok=True)


def _places(spec: ChallengeSpec, output_dir: Path) -> dict[Path, Path]:
    """Return each file's first path and its final one; the label map's, then the answers' in their order."""
    answers = {f"{_UNFINISHED}-{number}.json": socket.relative_path for number, socket in enumerate(spec.answers)}
    places = {f"{_UNFINISHED}.mha": f"{spec.output.relative_path}/{FILE_NAME}", **answers}
    return {output_dir / first: output_dir / last for first, last in places.items()}


def _clear(path: Path) -> None:
    """Remove a file that may be there, and check that one can be made."""
    path.unlink(missing_ok=True)
    path.touch()
    path.unlink()


def _write(spec: ChallengeSpec, label_map: sitk.Image, answers: Answers, output_dir: Path) -> Path:
    places = _places(spec, output_dir)
    unfinished, *unfinished_answers = places
    final = writing = places[unfinished]
    try:
        _write_image(label_map, unfinished)
        for socket, path in zip(spec.answers, unfinished_answers, strict=True):
            writing = places[path]
            _write_value(answers.values[socket.slug], path)
        _give_names(places)
    except (OSError, RuntimeError) as error:
        free_mib = disk_usage(output_dir).free / (1 << 20)
        raise OutputError(
            f"{writing} must be written whole, but that failed, with {free_mib:.1f} MiB free there. Is the disk full?"
        ) from error
    finally:
        for path in places:
            path.unlink(missing_ok=True)
    return final


def _write_image(label_map: sitk.Image, path: Path) -> None:
    sitk.WriteImage(label_map, str(path), useCompression=True)
    # ITK reports no error when a small file found no room: only reading it back shows that it is there.
    written: sitk.Image = sitk.ReadImage(str(path))
    # Exactly, not within a tolerance: an origin that is off by a millionth already trips some evaluations.
    given, found = (sitk.GetArrayViewFromImage(image) for image in (label_map, written))
    if Grid.of(written) != Grid.of(label_map) or not np.array_equal(given, found):
        raise OSError(f"{path} does not read back as it was written")


def _write_value(value: str | float, path: Path) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
    if json.loads(path.read_text(encoding="utf-8")) != value:
        raise OSError(f"{path} does not read back as it was written")


def _give_names(places: Mapping[Path, Path]) -> None:
    """Move every finished file to its place; when one can't be, none stays there. Signals wait meanwhile."""
    moved: list[Path] = []
    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGALRM}
    former = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        for path, final in places.items():
            final.parent.mkdir(parents=True, exist_ok=True)
            moved.append(final)
            path.replace(final)
    except OSError:
        for final in moved:
            final.unlink(missing_ok=True)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)
