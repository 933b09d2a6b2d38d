"""Found cohort: its cases, the layout they were found in, and what belongs to no case."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hnseg.cohort.case import CohortCase

Layout = Literal["folders", "csv", "nnunet", "bids", "images", "dicom"]
"""Layout of the cases' files: a folder a case, a table, nnU-Net's numbered channels, BIDS names, an image a case, DICOM
files in a folder a case."""


@dataclass(frozen=True)
class FoundCohort:
    """Cases that were found, sorted by name.

    Attributes:
        cases: Cases, those that can't be run with their problem.
        layout: Layout that their files lie in.
        ignored: Files and folders that belong to no case.
    """

    cases: tuple[CohortCase, ...]
    layout: Layout
    ignored: tuple[Path, ...] = ()
