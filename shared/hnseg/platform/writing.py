"""Writing of a label map, and the maps and answers beside it, to the files that the platform collects: all, or none."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import disk_usage

import numpy as np
import SimpleITK as sitk

from hnseg.errors import OutputError
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg.imaging.labels import in_words, unexpected_values
from hnseg.platform.answers import NO_ANSWERS, Answers, check_answers, empty_answers
from hnseg.platform.case import Case
from hnseg.platform.maps import NO_MAPS, Maps, checked_maps, empty_maps
from hnseg.platform.spec import ChallengeSpec

FILE_NAME = "output.mha"
_UNFINISHED = ".hnseg-unfinished"  # beside the sockets' top folder: on its file system, outside what is collected


def clear_output(spec: ChallengeSpec, output_dir: Path) -> None:
    """Make the output sockets' folders, remove the files of an earlier run, and check write permission.

    Meant for the start of a run, so that no time is spent on a result that has no place.

    Raises:
        OutputError: A folder can't be written, or an image's folder holds files of another origin, which are kept.
    """
    at = output_dir
    try:
        for path in _places(spec, output_dir).values():
            at = path.parent
            at.mkdir(parents=True, exist_ok=True)
            _clear(path)
        for path in _places(spec, output_dir):
            _clear(path)
        others = {folder: sorted(path.name for path in folder.iterdir()) for folder in _folders(spec, output_dir)}
    except OSError as error:
        raise OutputError(
            f"The folder {at} must be writable, but writing there failed ({error.strerror}). Is {output_dir}"
            f" mounted read-only, full, or owned by another user than the one that runs this (uid {os.getuid()})?"
        ) from error
    for folder, names in others.items():
        if names:
            raise OutputError(
                f"{FILE_NAME} must be the only file in {folder}, but {', '.join(names[:3])} is there already."
                " Was the output of another run left in place?"
            )


def write_output(
    spec: ChallengeSpec,
    label_map: sitk.Image,
    case: Case,
    output_dir: Path,
    *,
    maps: Maps = NO_MAPS,
    answers: Answers = NO_ANSWERS,
) -> Path:
    """Write a case's label map as the one image of the output socket, its maps likewise, and its answers.

    Args:
        spec: Description of the sockets: their paths, labels and choices.
        label_map: Label map of any integer type, on the reference's grid.
        case: Case with the reference, whose geometry is taken over to the last bit.
        output_dir: Folder that receives the sockets' folders and files.
        maps: Maps by the slug of their socket, one for each, on the reference's grid.
        answers: Answers, one for each answer socket.

    Returns:
        File of the label map: compressed MetaImage, uint8. It, every map, the same in float32, and every answer, a bare
        JSON value, are read back and compared before they get their names.

    Raises:
        OutputError: The label map, a map or an answer would not be accepted by the challenge, or one can't be written;
            then there is no file.
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
    images = [image_of(array_of(label_map).astype(np.uint8), grid), *checked_maps(spec, maps, grid)]
    return _write(spec, images, answers, output_dir)


def write_empty(spec: ChallengeSpec, grid: Grid, output_dir: Path) -> Path:
    """Write a label map of background only, maps that say that nothing is known, and each answer's `if_empty`."""
    images = [image_of(np.zeros(grid.shape_zyx, np.uint8), grid), *empty_maps(spec, grid)]
    return _write(spec, images, empty_answers(spec), output_dir)


def is_output_complete(spec: ChallengeSpec, output_dir: Path) -> bool:
    """Return whether the label map, every map and every answer have been written since `clear_output`."""
    return all(path.is_file() for path in _places(spec, output_dir).values())


def withdraw_output(spec: ChallengeSpec, output_dir: Path) -> None:
    """Remove the files that were written for a case that failed after all."""
    for path in _places(spec, output_dir).values():
        path.unlink(missing_ok=True)


def _folders(spec: ChallengeSpec, output_dir: Path) -> list[Path]:
    """Return the folders of the images: the label map's, then the maps'."""
    return [output_dir / socket.relative_path for socket in spec.image_outputs]


def _places(spec: ChallengeSpec, output_dir: Path) -> dict[Path, Path]:
    """Return each file's first path and its final one: the label map's, then the maps', then the answers'."""
    first = output_dir / _UNFINISHED
    folders = enumerate(_folders(spec, output_dir))
    images = {f"-{number}.mha" if number else ".mha": folder / FILE_NAME for number, folder in folders}
    answers = {f"-{number}.json": output_dir / socket.relative_path for number, socket in enumerate(spec.answers)}
    return {first.with_name(first.name + end): final for end, final in (images | answers).items()}


def _clear(path: Path) -> None:
    """Remove a file that may be there, and check that one can be made."""
    path.unlink(missing_ok=True)
    path.touch()
    path.unlink()


def _write(spec: ChallengeSpec, images: Sequence[sitk.Image], answers: Answers, output_dir: Path) -> Path:
    places = _places(spec, output_dir)
    values = [answers.values[socket.slug] for socket in spec.answers]
    final = writing = next(iter(places.values()))
    try:
        for content, (path, place) in zip([*images, *values], places.items(), strict=True):
            writing = place
            _write_image(content, path) if isinstance(content, sitk.Image) else _write_value(content, path)
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


def _write_image(image: sitk.Image, path: Path) -> None:
    sitk.WriteImage(image, str(path), useCompression=True)
    # ITK reports no error when a small file found no room: only reading it back shows that it is there.
    written: sitk.Image = sitk.ReadImage(str(path))
    # Exactly, not within a tolerance: an origin that is off by a millionth already trips some evaluations.
    given, found = (sitk.GetArrayViewFromImage(each) for each in (image, written))
    if Grid.of(written) != Grid.of(image) or not np.array_equal(given, found):
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
