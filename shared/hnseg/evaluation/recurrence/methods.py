"""Methods that predict recurrence volumes for the same patients, and the files of their predictions.

A method has a folder of label maps, or of probabilities, or both: then the label maps are what it predicts, and the
probabilities give its curve. Of probabilities alone, at least 0.5 is predicted. The first method is the one that all
others are compared with.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.label_maps import check_grid
from hnseg.evaluation.files.pairs import Pair, Pairing, left_out_in_words, pair_files
from hnseg.evaluation.recurrence.patient_images import PatientImages, find_images
from hnseg.imaging.files.probabilities import as_probabilities
from hnseg.imaging.files.reading import read_volume

THRESHOLD = 0.5
"""Least probability that is predicted volume, where a method has no label maps."""


@dataclass(frozen=True)
class Method:
    """Folders of one method, at least one of which is given.

    Attributes:
        name: Name of the method.
        label_maps: Folder of label maps.
        probabilities: Folder of probabilities.
    """

    name: str
    label_maps: Path | None = None
    probabilities: Path | None = None


@dataclass(frozen=True)
class Patient:
    """Files of one patient.

    Attributes:
        name: Name of the patient.
        reference: Label map of the recurrences.
        label_maps: Predicted label map by method, where it has one.
        probabilities: Probability by method, where it has one.
        images: Scans and GTV; None where they are not given.
    """

    name: str
    reference: Path
    label_maps: Mapping[str, Path] = field(default_factory=dict)
    probabilities: Mapping[str, Path] = field(default_factory=dict)
    images: PatientImages | None = None

    def read_reference(self) -> sitk.Image:
        """Read the label map of the recurrences.

        Raises:
            InputError: It can't be read.
        """
        return read_volume(self.reference, title=f"reference of case {self.name}")

    def read_probability(self, method: str, reference: sitk.Image) -> sitk.Image:
        """Read a method's probability.

        Raises:
            InputError: It can't be read, lies on another grid than the reference, or has values that are no
                probabilities.
        """
        path = self.probabilities[method]
        image = as_probabilities(read_volume(path, title=f"probability of case {self.name}"), path=path)
        check_grid(Pair(self.name, image, reference))
        return image

    def read_pair(self, method: str, reference: sitk.Image, probability: sitk.Image | None = None) -> Pair:
        """Read what a method predicts, beside the reference.

        Args:
            method: Name of the method.
            reference: Label map of the recurrences.
            probability: The method's probability, by which it predicts where it has no label maps; None reads it then.

        Raises:
            InputError: It can't be read; or a probability lies on another grid than the reference.
        """
        if method in self.label_maps:
            predicted = read_volume(self.label_maps[method], title=f"prediction of case {self.name}")
        else:
            probability = self.read_probability(method, reference) if probability is None else probability
            predicted = probability >= THRESHOLD
        return Pair(self.name, predicted, reference)


@dataclass(frozen=True)
class Cohort:
    """Patients whose recurrences several methods predict.

    Attributes:
        methods: Names of the methods, the first of which the others are compared with.
        patients: Files of the patients, sorted by name; each has every method.
        notes: Sentences on what was left out.
    """

    methods: tuple[str, ...]
    patients: tuple[Patient, ...]
    notes: tuple[str, ...] = ()

    @property
    def files(self) -> list[Path]:
        """Files that are read."""
        files: list[Path] = []
        for patient in self.patients:
            files += [patient.reference, *patient.label_maps.values(), *patient.probabilities.values()]
            files += patient.images.files if patient.images is not None else ()
        return files


def find_cohort(
    methods: Sequence[Method], references: Path, *, images: Path | None = None, leave_out_missing: bool = False
) -> Cohort:
    """Find the files of all methods for the patients of a folder of references.

    Args:
        methods: Methods, the first of which the others are compared with.
        references: Folder of the references, paired by name with each folder of a method.
        images: Folder with a folder a patient, see `hnseg.evaluation.recurrence.patient_images`; None for none.
        leave_out_missing: Whether a patient that a method lacks is left out instead of refused.

    Raises:
        InputError: A folder can't be read, files don't pair, or no patient has them all.
    """
    pairings = {
        (method.name, is_probability): pair_files(
            folder, references, leave_out_missing=leave_out_missing, fractions=is_probability
        )
        for method in methods
        for folder, is_probability in ((method.label_maps, False), (method.probabilities, True))
        if folder is not None
    }
    patients = _common(pairings)
    with_images = {} if images is None else find_images(images, [patient.name for patient in patients])
    return Cohort(
        tuple(method.name for method in methods),
        tuple(replace(patient, images=with_images.get(patient.name)) for patient in patients),
        tuple(_notes(pairings, [patient.name for patient in patients])),
    )


def _common(pairings: Mapping[tuple[str, bool], Pairing]) -> list[Patient]:
    """Return the patients that every method has, by method and whether its files are probabilities."""
    found = {key: {pair.reference: pair for pair in pairing.pairs} for key, pairing in pairings.items()}
    first, *others = found.values()
    references = [path for path in first if all(path in each for each in others)]
    if not references:
        raise InputError(
            "Methods must have predictions of the same patients to be compared, but no patient has those of all."
            " Is one of the folders that of other patients?"
        )

    def files_of(path: Path, is_probability: bool) -> dict[str, Path]:
        """Return the files of one kind by method."""
        return {name: pairs[path].prediction for (name, kind), pairs in found.items() if kind == is_probability}

    return [Patient(first[path].name, path, files_of(path, False), files_of(path, True)) for path in references]


def _notes(pairings: Mapping[tuple[str, bool], Pairing], kept: Collection[str]) -> list[str]:
    """Return sentences on files that were not taken, each once, and on patients that were left out, by name."""
    methods = [
        f"{name}: {pairing.prediction_note}" for (name, _), pairing in pairings.items() if pairing.prediction_note
    ]
    references = [pairing.reference_note for pairing in pairings.values() if pairing.reference_note]
    known = {name for pairing in pairings.values() for name in (*pairing.unpredicted, *(p.name for p in pairing.pairs))}
    return [*dict.fromkeys([*methods, *references]), *left_out_in_words(sorted(known - set(kept)))]
