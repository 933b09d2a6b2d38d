"""Cases that `hnseg cohort` runs, from files or from folders of DICOM files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hnseg.cli.options.dicom import ChoiceOptions
from hnseg.cli.rtstruct.series import needs_pydicom
from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.found import FoundCohort
from hnseg.cohort.loop import share_of
from hnseg.cohort.state.lock import Shard
from hnseg.platform.spec import ChallengeSpec

if TYPE_CHECKING:
    from hnseg.cohort.finding.dicom import DicomCohort
    from hnseg.dicom.inputs.case import DicomCase


@dataclass(frozen=True)
class CasesToRun:
    """Cases of a cohort, as they were found.

    Attributes:
        found: Cases, those that can't be run with their problem.
        dicom: The same with what fills the inputs of each; None for cases in files.
    """

    found: FoundCohort
    dicom: DicomCohort | None = None

    @classmethod
    def find(cls, folder: Path, spec: ChallengeSpec, choice: ChoiceOptions, *, in_dicom: bool) -> CasesToRun:
        """Return the cases of a folder or a table.

        Args:
            folder: Folder of the cases, or a table.
            spec: Description of the sockets.
            choice: What the user chose of DICOM files.
            in_dicom: Whether the cases are folders of DICOM files.

        Raises:
            InputError: There are none, or a choice is of no case or without DICOM files.
        """
        choice.check(has_dicom=in_dicom)
        if not in_dicom:
            return cls(find_cohort(folder, spec))
        needs_pydicom()
        from hnseg.cohort.finding.dicom import find_in_dicom

        cohort = find_in_dicom(folder, spec, series=choice.series or (), structures=choice.roi or ())
        return cls(cohort.found, cohort)

    @property
    def chosen(self) -> Mapping[str, DicomCase]:
        """What fills the inputs of each case in DICOM, by its name; empty for cases in files."""
        return self.dicom.chosen if self.dicom else {}

    def with_images(self, output: Path, shard: Shard | None) -> Sequence[CohortCase]:
        """Return the cases with their images; those of DICOM files are written where they are not there yet.

        Args:
            output: Output folder of the cohort, beside whose results the images are written.
            shard: Share of the cases whose images are needed; None for all.
        """
        if self.dicom is None:
            return self.found.cases
        from hnseg.cohort.finding.dicom import with_images

        names = {case.name for case in share_of(self.found.cases, shard)}
        return with_images(self.dicom, output, names=names).cases
