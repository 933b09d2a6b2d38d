"""Options on the members that an uncertainty has beyond the folds, as typer takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from hnseg.errors import InputError

if TYPE_CHECKING:
    from hnseg.inference.further.asked import FurtherMembers

DropoutOption = Annotated[
    int, typer.Option(min=0, metavar="N", help="With an uncertainty: N more members, by Monte Carlo dropout.")
]
TtaOption = Annotated[
    int, typer.Option(min=0, metavar="N", help="With an uncertainty: N more, by test-time copies (flip, noise, turn).")
]


@dataclass(frozen=True)
class CohortUncertainty:
    """Options on the uncertainty of each case of a cohort."""

    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Write how sure the ensemble is, too, and flag where it is not.")
    ] = False
    dropout: DropoutOption = 0
    tta: TtaOption = 0

    @property
    def further(self) -> FurtherMembers:
        """Members beyond the folds.

        Raises:
            InputError: Some were asked for without an uncertainty.
        """
        return further_members(self.dropout, self.tta, uncertainty=self.uncertainty)


def further_members(dropout: int, tta: int, *, uncertainty: bool) -> FurtherMembers:
    """Return the members beyond the folds that were asked for.

    Args:
        dropout: Number of passes with Monte Carlo dropout.
        tta: Number of test-time copies.
        uncertainty: Whether the uncertainty was asked for.

    Raises:
        InputError: Members were asked for without an uncertainty.
    """
    from hnseg.inference.further.asked import FurtherMembers

    if (dropout or tta) and not uncertainty:
        option = "--dropout" if dropout else "--tta"
        raise InputError(
            f"{option} must be used with an uncertainty, which alone has members beyond the folds, but none was asked"
            " for. The label map is the same with it."
        )
    return FurtherMembers(dropout, tta)
