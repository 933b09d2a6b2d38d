"""Pairs of predictions and references, found in two folders by their names.

Files of two folders are paired by equal stem (the name without `.mha`, `.nii.gz`, ...). Where not one stem is in both
folders, they are paired by case ID: a stem's beginning up to the end of its first number, such as 77 of
`77_midRT_mask` or case_003 of `case_003_output`. Either way every file must have exactly one partner. Folders with a
folder a case, described in `hnseg.evaluation.files.case_files`, are paired in the same way by the folders' names.
Of a container's outputs, which may hold a map beside the label map, the images of the wanted kind of numbers are taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from hnseg.errors import HeaderError, InputError
from hnseg.evaluation.files.case_files import CaseFiles, cases_in, read_values
from hnseg.evaluation.files.untaken import Untaken, untaken_in
from hnseg.imaging.files.formats import stem_of
from hnseg.imaging.files.headers import read_header
from hnseg.imaging.files.reading import read_volume

_SHOWN = 5  # names of cases in a sentence


@dataclass(frozen=True)
class Pair:
    """Predicted label map of a case and its reference, as read.

    Attributes:
        name: Name of the case.
        prediction: Predicted label map.
        reference: True label map.
        predicted: Predicted values beside the label map, by name; empty for most challenges.
        expected: True values, by name.
    """

    name: str
    prediction: sitk.Image
    reference: sitk.Image
    predicted: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FilePair:
    """Paths of a case's two label maps and of the JSON files of its other answers.

    Attributes:
        name: Name of the case.
        prediction: Path of the predicted label map.
        reference: Path of the true label map.
        predicted_values: JSON files of predicted values.
        expected_values: JSON files of true values.
    """

    name: str
    prediction: Path
    reference: Path
    predicted_values: tuple[Path, ...] = ()
    expected_values: tuple[Path, ...] = ()

    def read(self) -> Pair:
        """Read the two label maps and the values.

        Raises:
            InputError: A label map can't be read, or is not 3-D with one value a voxel; a JSON file can't be read.
        """
        prediction = read_volume(self.prediction, title=f"prediction of case {self.name}")
        reference = read_volume(self.reference, title=f"reference of case {self.name}")
        values = read_values(self.predicted_values), read_values(self.expected_values)
        return Pair(self.name, prediction, reference, *values)


@dataclass(frozen=True)
class Pairing:
    """Pairs of files in two folders, sorted by name.

    Attributes:
        pairs: Cases with a prediction and a reference.
        unpredicted: Names of references without a prediction; empty unless they may be left out.
        prediction_note: Sentence on files and folders of the predictions that belong to no case; empty for none.
        reference_note: Sentence on those of the references.
    """

    pairs: tuple[FilePair, ...]
    unpredicted: tuple[str, ...] = ()
    prediction_note: str = ""
    reference_note: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on files and folders that belong to no case."""
        return tuple(filter(None, (self.prediction_note, self.reference_note)))


def pair_files(
    predictions_dir: Path, references_dir: Path, *, leave_out_missing: bool = False, fractions: bool = False
) -> Pairing:
    """Pair the files of two folders.

    Args:
        predictions_dir: Folder of the predictions.
        references_dir: Folder of the references.
        leave_out_missing: Whether a reference without a prediction is left out instead of refused.
        fractions: Whether, of several predicted images of a case, the one of floating point is meant, such as a
            probability, instead of the label map.

    Raises:
        InputError: A folder is missing or has no image, a file has no partner or several, or a file or folder that
            belongs to no case may hold a label map.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as predicted, TemporaryDirectory() as true:
    ...     for path in (Path(predicted, "77.mha"), Path(true, "77_mask.nii.gz"), Path(true, "8_mask.nii.gz")):
    ...         path.touch()
    ...     pairing = pair_files(Path(predicted), Path(true), leave_out_missing=True)
    >>> [(pair.name, pair.reference.name) for pair in pairing.pairs], pairing.unpredicted
    ([('77', '77_mask.nii.gz')], ('8',))
    """
    predictions, references = cases_in(predictions_dir), cases_in(references_dir)
    untaken = untaken_in(predictions_dir, predictions), untaken_in(references_dir, references)
    by_stem = _keyed(predictions, stem_of), _keyed(references, stem_of)
    by_id = _keyed(predictions, case_id), _keyed(references, case_id)
    predicted, present = by_stem if by_stem[0].keys() & by_stem[1].keys() else by_id
    _refuse_unpaired(predicted, predictions_dir, present, references_dir)
    unpredicted = tuple(sorted(present.keys() - predicted.keys())) if leave_out_missing else ()
    present = {key: cases for key, cases in present.items() if key not in unpredicted}
    _refuse_unpaired(present, references_dir, predicted, predictions_dir)
    _refuse_folders(untaken[0], predictions_dir, allowed=unpredicted)
    _refuse_folders(untaken[1], references_dir)
    pairs = tuple(_paired(key, predicted[key][0], present[key][0], fractions) for key in sorted(predicted))
    notes = untaken[0].note("the predictions"), untaken[1].note("the references")
    return Pairing(pairs, unpredicted, *notes)


def left_out_in_words(names: Sequence[str]) -> list[str]:
    """Return a sentence on the cases without a prediction; none where there are none.

    >>> left_out_in_words(["77"])
    ['Left out for want of a prediction: 1 case (77).']
    """
    if not names:
        return []
    more = ", ..." if len(names) > _SHOWN else ""
    cases = f"{len(names)} case{'s' if len(names) > 1 else ''}"
    return [f"Left out for want of a prediction: {cases} ({', '.join(names[:_SHOWN])}{more})."]


def _paired(name: str, predicted: CaseFiles, present: CaseFiles, fractions: bool) -> FilePair:
    """Pair a case's label maps: the only one of each, or those of the one socket that both have."""
    predictions = _of_kind(predicted.label_maps, fractions)
    references = _of_kind(present.label_maps, fractions=False)
    sockets = predictions.keys() & references.keys()
    if len(predictions) == len(references) == 1:
        prediction, reference = *predictions.values(), *references.values()
    elif len(sockets) == 1:
        (socket,) = sockets
        prediction, reference = predictions[socket], references[socket]
    else:
        raise InputError(
            f"A case must have one label map to score, but {name} has"
            f" {', '.join(predictions) or 'one'} predicted and {', '.join(references)} as references."
            " Copy those to score into a folder of their own."
        )
    return FilePair(name, prediction, reference, predicted.values, present.values)


def _of_kind(images: Mapping[str, Path], fractions: bool) -> Mapping[str, Path]:
    """Return the images of floating point, or the others; all of them where there is one, or none of the kind."""
    if len(images) == 1:
        return images
    return {socket: path for socket, path in images.items() if _has_fractions(path) == fractions} or images


def _has_fractions(path: Path) -> bool:
    try:
        return read_header(path).component_type.startswith("float")
    except (HeaderError, OSError):
        return False  # what is wrong with it is said where it is read


def _refuse_folders(untaken: Untaken, folder: Path, *, allowed: Sequence[str] = ()) -> None:
    """Refuse folders with images and without a label map, but for those of cases that may be left out."""
    lost = [name for name in untaken.folders if not {name, case_id(name)} & set(allowed)]
    if lost:
        raise InputError(
            f"Every folder with images in {folder} must have the label map of its case, but {', '.join(lost)} has none"
            " that is taken. Are two layouts mixed, or is a label map missing? Move other images to another folder."
        )


def case_id(name: str) -> str:
    """Return the case ID of a file's or folder's name: its beginning up to the end of its first number.

    >>> case_id("77_midRT_mask.nii.gz"), case_id("phantom.mha")
    ('77', 'phantom')
    """
    beginning = re.match(r"\D*\d+", stem_of(name))
    return beginning.group() if beginning else stem_of(name)


def _keyed(cases: list[CaseFiles], key: Callable[[str], str]) -> dict[str, list[CaseFiles]]:
    keyed: dict[str, list[CaseFiles]] = {}
    for case in cases:
        keyed.setdefault(key(case.name), []).append(case)
    return keyed


def _refuse_unpaired(
    files: dict[str, list[CaseFiles]], folder: Path, partners: dict[str, list[CaseFiles]], partners_folder: Path
) -> None:
    twins = [case.name for cases in files.values() if len(cases) > 1 for case in cases]
    if twins:
        raise InputError(
            f"Each case must have one file, but in {folder} these bear the same name or case ID: {', '.join(twins)}."
            " Are files of an earlier run still there?"
        )
    alone = [cases[0].name for key, cases in files.items() if key not in partners]
    if alone:
        raise InputError(
            f"Each file in {folder} must have a partner of the same name or case ID in {partners_folder}, but these"
            f" have none: {', '.join(alone)}. Is a case missing, or named otherwise?"
        )
