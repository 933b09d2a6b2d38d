"""Inputs that a verb takes from DICOM files: of one case, for as long as it runs."""

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
