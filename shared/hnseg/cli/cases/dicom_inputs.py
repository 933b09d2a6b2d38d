"""Inputs that a verb takes from DICOM files: of one case for as long as it runs, or of a cohort beside its results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from hnseg.cli.options.dicom import ChoiceOptions
from hnseg.platform.spec import ChallengeSpec
from hnseg.signals import sigterm_unwinds

if TYPE_CHECKING:
    from hnseg.cohort.finding.dicom import DicomCohort
    from hnseg.cohort.finding.found import FoundCohort
    from hnseg.cohort.state.lock import Shard
    from hnseg.dicom.inputs.case import DicomCase


@contextmanager
def inputs_from_dicom(
    spec: ChallengeSpec, folder: Path, choice: ChoiceOptions, given: Path | None
) -> Iterator[tuple[Path, DicomCase]]:
    """Yield a folder with the sockets' folders, and what was chosen; the folder is removed afterwards.

    Args:
        spec: Description of the sockets.
        folder: Folder of DICOM files.
        choice: What the user chose.
        given: Folder with images and values that are given as files; None for none.

    Raises:
        InputError: The case can't be made of the files, or the choice is open.
    """
    from hnseg.cli.rtstruct.series import needs_pydicom

    needs_pydicom()
    from hnseg.dicom.inputs.case import choose_case, write_case

    with sigterm_unwinds(), TemporaryDirectory(prefix="hnseg-inputs-") as made:
        case = choose_case(spec, folder, series=choice.series or (), structures=choice.roi or (), given=given)
        input_dir = Path(made) / "input"
        write_case(case, input_dir, given=given)
        yield input_dir, case


def in_dicom(cases: Path, spec: ChallengeSpec, choice: ChoiceOptions) -> DicomCohort:
    """Return the cases of a folder with a folder of DICOM files for each.

    Args:
        cases: Folder of the cases' folders.
        spec: Description of the sockets.
        choice: What the user chose.

    Raises:
        InputError: There are none, or a choice is of no case.
    """
    from hnseg.cli.rtstruct.series import needs_pydicom

    needs_pydicom()
    from hnseg.cohort.finding.dicom import find_in_dicom

    return find_in_dicom(cases, spec, series=choice.series or (), structures=choice.roi or ())


def images_of(cohort: DicomCohort, output: Path, shard: Shard | None) -> FoundCohort:
    """Return the cases of a share with their images, which are written beside the results where they are not there yet.

    Args:
        cohort: Cases in DICOM.
        output: Output folder of the cohort.
        shard: Share of the cases; None for all.
    """
    from hnseg.cohort.finding.dicom import with_images
    from hnseg.cohort.loop import share_of

    return with_images(cohort, output, names={case.name for case in share_of(cohort.found.cases, shard)})
