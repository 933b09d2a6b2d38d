"""Entries of a survey: a series of images or a part of one, and a structure set, without what names a patient."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hnseg.dicom.pet.suv import SuvScale
from hnseg.dicom.series.series import Series

_STRAIGHT = 0.99996  # cosine of half a degree


@dataclass(frozen=True)
class SurveyedSeries:
    """Series of images, or one of the volumes in it.

    Attributes:
        number: Number in the survey, from 1.
        uid: Identifier of the series.
        modality: DICOM's code, such as CT, MR or PT; empty where the file has none.
        series_number: Number that its files have; empty where they have none.
        images: Number of its images.
        patient: Number of its patient in the survey, from 1.
        study: Number of its study in the survey, from 1.
        frame_of_reference: Number of its coordinates in the survey, from 1; 0 where it has none.
        series: Its volume; None where it has none.
        left_out: Why it is no volume at all, such as a localiser; empty where it is meant as one.
        problem: Sentence on what keeps it from being one, such as a missing slice; empty where nothing does.
        notes: What was left out of it, as parts of sentences.
        echo_ms: Echo time of an MR; None for others.
        repetition_ms: Repetition time, in the same way.
        suv: Scale of a PET to SUV; None for others, and where `no_suv` is the reason.
        no_suv: Why a PET can't be in SUV; empty where it can.
    """

    number: int
    uid: str
    modality: str
    series_number: str
    images: int
    patient: int
    study: int
    frame_of_reference: int
    series: Series | None
    left_out: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()
    echo_ms: float | None = None
    repetition_ms: float | None = None
    suv: SuvScale | None = None
    no_suv: str = ""

    @property
    def why_not(self) -> str:
        """Why it can't be an input, as part of a sentence or as one; empty where it can."""
        return self.left_out or self.problem or (f"no SUV: {self.no_suv}" if self.no_suv else "")

    @property
    def orientation(self) -> str:
        """Plane of its slices: axial, coronal or sagittal, oblique where over half a degree off; empty of none."""
        if self.series is None:
            return ""
        normal = [abs(self.series.grid.direction[place]) for place in (2, 5, 8)]
        plane = ("sagittal", "coronal", "axial")[normal.index(max(normal))]
        return plane if max(normal) > _STRAIGHT else f"oblique {plane}"


@dataclass(frozen=True)
class SurveyedStructures:
    """Structure set.

    Attributes:
        number: Number in the survey, after those of all series.
        path: Its file.
        structures: Number of its structures.
        on: Numbers of the series that it was drawn on, in the survey.
        problem: Why it can't be read; empty where it can.
    """

    number: int
    path: Path
    structures: int
    on: tuple[int, ...]
    problem: str = ""


@dataclass(frozen=True)
class Damage:
    """DICOM files that can't be used.

    Attributes:
        series_uid: Identifier of their series; empty where it can't be read either.
        count: Number of files.
        reason: What is wrong with the first of them, as part of a sentence.
    """

    series_uid: str
    count: int
    reason: str


@dataclass(frozen=True)
class Survey:
    """Survey of a folder.

    Attributes:
        folder: The folder.
        series: Its image series, by their numbers.
        structure_sets: Its structure sets, by their numbers.
        damage: Files that can't be used, by series.
        others: Number of files that are no images and no structure sets.
    """

    folder: Path
    series: tuple[SurveyedSeries, ...]
    structure_sets: tuple[SurveyedStructures, ...]
    damage: tuple[Damage, ...]
    others: int
