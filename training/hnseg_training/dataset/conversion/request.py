"""Request for a conversion: the work folder, the patients to leave out, and the number of processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from hnseg.errors import InputError
from hnseg.machine import usable_threads
from hnseg.printable import printable
from hnseg_training.dataset.listing import listed

LeaveOut = Annotated[
    list[str] | None,
    typer.Option("--leave-out", metavar="PATIENT", help="A patient not to convert; may be given several times."),
]
Workers = Annotated[int, typer.Option(min=1, help="Processes: those that read, check and write patients.")]
DEFAULT_WORKERS = usable_threads()


@dataclass(frozen=True)
class Request:
    """Request of the user's.

    Attributes:
        output: Work folder to make, or to go on with.
        dataset_id: Number of the data set in nnU-Net, 1 to 999.
        leave_out: Names of patients that are not converted.
        workers: Processes that read, check and write patients.
    """

    output: Path
    dataset_id: int
    leave_out: Sequence[str] = ()
    workers: int = 1

    def takes(self, name: str) -> bool:
        """Return whether a patient is not to be left out."""
        return name not in self.leave_out

    def check_names(self, names: Sequence[str]) -> None:
        """Check that the patients to leave out are among those that were found.

        Args:
            names: Names of all patients.

        Raises:
            InputError: One is not.
        """
        unknown = [name for name in self.leave_out if name not in names]
        if unknown:
            close = get_close_matches(unknown[0], names, n=3) or names
            raise InputError(
                f"--leave-out must name patients of the data, but {printable(listed(unknown))}"
                f" {'is' if len(unknown) == 1 else 'are'} not among its {len(names)}."
                f" Was one of these meant: {printable(listed(close))}?"
            )
