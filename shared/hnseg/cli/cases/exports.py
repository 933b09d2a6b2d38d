"""Exports that a verb writes beside a challenge's outputs: of one case, or of all cases of a cohort that are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hnseg.cli.rtstruct.series import needs_pydicom
from hnseg.cohort.state.store import CaseStore
from hnseg.dicom.exports.formats import Format
from hnseg.errors import HnsegError
from hnseg.platform.spec import ChallengeSpec

if TYPE_CHECKING:
    from hnseg.dicom.inputs.case import DicomCase


@dataclass(frozen=True)
class Exports:
    """Exports of a challenge's outputs.

    Attributes:
        spec: Description of the outputs.
        formats: Formats to write; empty for none.
        model_sha256: Checksums of the model's files by their names.
    """

    spec: ChallengeSpec
    formats: Sequence[Format]
    model_sha256: Mapping[str, str]

    def write(self, output_dir: Path, case: DicomCase | None, folder: Path) -> list[Path]:
        """Write the exports of a case.

        Args:
            output_dir: Folder of its outputs, complete.
            case: What fills its inputs; None where they are no DICOM files.
            folder: Folder of its inputs, for error sentences.

        Returns:
            Files written.

        Raises:
            InputError: The outputs do not lie on the series, or the image that they belong to is no DICOM series.
            OutputError: A file can't be written.
        """
        if not self.formats:
            return []
        needs_pydicom()
        from hnseg.cohort.challenge_work import UNCERTAINTY_FOLDER  # torch is imported by now
        from hnseg.dicom.exports.export import OnSeries, export, origin_of

        on_series = any(each.needs_series for each in self.formats)
        on = OnSeries(case.reference, folder) if case is not None and on_series else None
        uncertainty = output_dir / UNCERTAINTY_FOLDER
        return export(
            self.spec,
            output_dir,
            self.formats,
            on=on,
            origin=origin_of(self.model_sha256),
            uncertainty_dir=uncertainty if uncertainty.is_dir() else None,
        )

    def write_all(
        self, store: CaseStore, names: Iterable[str], chosen: Mapping[str, DicomCase], cases: Path
    ) -> list[str]:
        """Write the exports of a cohort's cases that are done, where they are not there yet.

        A case whose exports fail is told, and the others go on.

        Args:
            store: Store of the results.
            names: Names of the cases.
            chosen: What fills the inputs of each case in DICOM, by its name.
            cases: Folder of the cases.

        Returns:
            Names of the cases whose exports failed.
        """
        written, failed = 0, []
        for name in names if self.formats else ():
            status = store.status(name)
            if status is None or status.status != "done" or self._are_in(store.case_folder(name)):
                continue
            try:
                written += len(self.write(store.case_folder(name), chosen.get(name), cases / name))
            except HnsegError as error:
                failed.append(name)
                typer.echo(f"{name}: not exported. {error}", err=True)
        if written:
            typer.echo(f"{written} files written to the cases' folders exports", err=True)
        return failed

    def _are_in(self, output_dir: Path) -> bool:
        """Return whether all that can be written of a case is there; a case that is run again begins without."""
        from hnseg.dicom.exports.export import EXPORTS_FOLDER, names_of

        return all((output_dir / EXPORTS_FOLDER / name).is_file() for name in names_of(self.spec, self.formats))
