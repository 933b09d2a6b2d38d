"""Finding of public data: what the names of files and folders show, before any file is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from hnseg_training.dataset.survey.problem import Problem


class Source(Protocol):
    """Public files of a patient."""

    @property
    def name(self) -> str:
        """Name of the patient, by which `--leave-out` names it."""

    @property
    def files(self) -> Sequence[Path]:
        """Files that the patient is converted from."""


S = TypeVar("S", bound=Source)
S_co = TypeVar("S_co", bound=Source, covariant=True)


@dataclass(frozen=True)
class Finding(Generic[S_co]):
    """Patients found in the public data, with what is wrong of their names and folders.

    Attributes:
        sources: Patients whose files can be looked at, in the order in which they are converted.
        problems: Problems of names and missing files; their patients are among the sources where enough is there for
            a look at the other files.
        leftovers: Names of files and folders that are not converted and not known, relative to the data's folder.
    """

    sources: Sequence[S_co]
    problems: Sequence[Problem] = ()
    leftovers: Sequence[str] = ()

    @property
    def names(self) -> list[str]:
        """Names of all patients, those with problems too, sorted."""
        return sorted({source.name for source in self.sources} | {one.patient for one in self.problems} - {""})
