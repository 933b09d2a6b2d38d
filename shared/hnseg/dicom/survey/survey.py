"""Survey of a folder: its series by number, the same numbers whatever its files are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hnseg.dicom.pet.suv import SuvScale, suv_scale
from hnseg.dicom.series.image_file import ImageFile
from hnseg.dicom.series.series import Series, series_of
from hnseg.dicom.series.stacks import Stack, stacks_of
from hnseg.dicom.structure_set.reading import read_structure_set
from hnseg.dicom.survey.entry import Survey, SurveyedSeries, SurveyedStructures
from hnseg.dicom.survey.files import SortedFiles, sorted_files
from hnseg.errors import HeaderError, InputError
from hnseg.imaging.files.output_files import reason_of


def survey_folder(folder: Path) -> Survey:
    """Survey a folder of DICOM files, of any depth and with any names.

    Args:
        folder: The folder.

    Returns:
        Its series, numbered by study, then by the numbers that their files have, then by identifiers; structure sets
        have the numbers after them.

    Raises:
        InputError: It is no folder, or holds no image of DICOM.
    """
    files = sorted_files(folder)
    if not files.images:
        raise InputError(_none_found(files, folder))
    groups = sorted(files.images.values(), key=_order)
    patients = _numbers(images[0].patient for images in groups)
    studies = _numbers(images[0].study_uid for images in groups)
    frames = _numbers(image.frame_of_reference_uid for images in groups for image in images)
    damaged = {each.series_uid: f"{each.count} of its files can't be used: {each.reason}" for each in files.damage}
    entries: list[SurveyedSeries] = []
    for images in groups:
        for stack in _stacks(images):
            first = stack.images[0]
            entry = _entry(stack, damaged.get(first.series_uid, ""), folder)
            numbered = replace(
                entry,
                number=len(entries) + 1,
                patient=patients[first.patient],
                study=studies[first.study_uid],
                frame_of_reference=frames[first.frame_of_reference_uid],
            )
            entries.append(numbered)
    sets = _structure_sets(files.structure_sets, entries)
    return Survey(folder, tuple(entries), tuple(sets), tuple(files.damage), files.others)


def _none_found(files: SortedFiles, folder: Path) -> str:
    damaged = sum(each.count for each in files.damage)
    found = f"{damaged} DICOM files there can't be used" if damaged else "no file there is a DICOM image"
    return f"The folder {folder} must hold DICOM images, but {found}. Is the path right?"


def _order(images: Sequence[ImageFile]) -> tuple[str, int, str]:
    number = images[0].series_number
    return images[0].study_uid, int(number) if number else 1 << 31, images[0].series_uid


def _numbers(uids: Iterable[str]) -> dict[str, int]:
    """Return a number for each identifier, from 1 in the order in which they come; 0 for an empty one."""
    numbers = {"": 0}
    for uid in uids:
        numbers.setdefault(uid, len(numbers))
    return numbers


def _stacks(images: Sequence[ImageFile]) -> list[Stack]:
    try:
        return stacks_of(images)
    except (HeaderError, OSError):
        return [Stack(tuple(images))]  # its problem is told when it is read as a volume


def _entry(stack: Stack, damaged: str, folder: Path) -> SurveyedSeries:
    """Return the entry of a stack, without the numbers that others have a part in."""
    first = stack.images[0]
    left_out = _reason_against(stack.images)
    series, problem = (None, damaged) if left_out or damaged else _volume(stack.images, folder)
    suv, no_suv = _suv(series) if series is not None and first.modality == "PT" else (None, "")
    is_mr = first.modality == "MR"
    return SurveyedSeries(
        number=0,
        uid=first.series_uid,
        modality=first.modality,
        series_number=first.series_number,
        images=len(stack.images),
        patient=0,
        study=0,
        frame_of_reference=0,
        series=series,
        left_out=left_out,
        problem=problem,
        notes=stack.notes,
        echo_ms=first.echo_ms if is_mr else None,
        repetition_ms=first.repetition_ms if is_mr else None,
        suv=suv,
        no_suv=no_suv,
    )


def _volume(images: Sequence[ImageFile], folder: Path) -> tuple[Series | None, str]:
    """Return the volume that images fill, or the sentence on why they don't."""
    try:
        return series_of(images, folder), ""
    except InputError as error:
        return None, str(error)


def _reason_against(images: Sequence[ImageFile]) -> str:
    """Return why images are no volume whatever their places are; empty where they may be one."""
    kinds = {
        "a localiser": [image.is_localiser for image in images],
        "projections through many slices": [image.is_projection for image in images],
        "without places in the patient, such as screenshots": [_has_no_place(image) for image in images],
        "multi-frame files, which are not read: can they be exported as single-frame images?": [
            image.frames > 1 for image in images
        ],
        "a single slice": [len(images) == 1],
    }
    return next((reason for reason, holds in kinds.items() if all(holds)), "")


def _has_no_place(image: ImageFile) -> bool:
    return image.plane is None and not image.problem


def _suv(series: Series) -> tuple[SuvScale | None, str]:
    """Return the scale of a PET to SUV, or why there is none."""
    try:
        return suv_scale([each.path for each in series.slices]), ""
    except HeaderError as error:
        return None, str(error)
    except OSError as error:
        return None, reason_of(error)


def _structure_sets(paths: Sequence[Path], entries: Sequence[SurveyedSeries]) -> Iterator[SurveyedStructures]:
    by_uid: dict[str, list[int]] = {}
    for entry in entries:
        by_uid.setdefault(entry.uid, []).append(entry.number)
    for number, path in enumerate(paths, start=len(entries) + 1):
        yield _structure_set(number, path, by_uid)


def _structure_set(number: int, path: Path, by_uid: Mapping[str, list[int]]) -> SurveyedStructures:
    try:
        found = read_structure_set(path)
    except InputError:
        return SurveyedStructures(number, path, 0, (), "it is cut off or damaged")
    on = tuple(number for uid in dict.fromkeys(found.series_uids) for number in by_uid.get(uid, ()))
    return SurveyedStructures(number, path, len(found.structures), on)
