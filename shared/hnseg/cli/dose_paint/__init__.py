"""`hnseg dose-paint`: a probability map as a prescription of dose, for research."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.dose_paint.prescribing import DoseFiles, prescribe
from hnseg.cli.options.records import with_records
from hnseg.errors import InputError
from hnseg.evaluation.dose.painting import LEAST_PROBABILITY, DoseRule


@dataclass(frozen=True)
class Levels:
    """Options for a dose in levels."""

    levels: Annotated[
        int | None, typer.Option(min=2, max=100, help="Levels of equal width in probability; left out: linear.")
    ] = None
    threshold: Annotated[
        list[float] | None,
        typer.Option(
            metavar="P", help="Probability at which a further level begins; once each, ascending.", show_default=False
        ),
    ] = None

    def rule(self, base_gy: float, boost_gy: float) -> DoseRule:
        """Return the rule of the dose.

        Raises:
            InputError: Levels are given in both ways, or a dose or a threshold is none.
        """
        thresholds = tuple(self.threshold or ())
        if self.levels is None:
            return DoseRule(base_gy, boost_gy, thresholds)
        if thresholds:
            raise InputError("Levels must be given in one way, but both --levels and --threshold were given.")
        return DoseRule.in_levels(base_gy, boost_gy, self.levels)


EXAMPLES = ("hnseg dose-paint probability.nii.gz --base-gy 66 --boost-gy 10 --inside ctv.nii.gz --output dose.nii.gz",)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    probability: Annotated[Path, typer.Argument(metavar="PROBABILITY", help="A map of probabilities, 0 to 1.")],
    *,
    base_gy: Annotated[float, typer.Option(metavar="GY", help="Dose of the whole target.")],
    boost_gy: Annotated[float, typer.Option(metavar="GY", help="Further dose where the probability is 1.")],
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="Result: the prescription in Gy, float32, on the map's grid.")
    ],
    grading: Levels,
    inside: Annotated[
        Path | None, typer.Option(metavar="MASK", help="The target, such as a CTV: every voxel but 0.")
    ] = None,
    at_least: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="P",
            help=f"Least probability of the target, instead of --inside; {LEAST_PROBABILITY:g} if neither is given.",
            show_default=False,
        ),
    ] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Table as CSV: dose against volume.")] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Values as JSON: rule, target and volumes.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture: the dose-volume curve; .png or .svg.")
    ] = None,
) -> None:
    """Paint dose by a map of probabilities, for research only: no patient may be treated by it.

    Inside the target the dose is the base and the probability's share of the boost, or, in levels, the base in the
    lowest one and equal steps up to the whole boost in the highest. Voxels outside the target have no prescription, 0
    in the file. The table tells what volume receives which dose or more.
    """
    if inside is not None and at_least is not None:
        raise InputError(
            "The target must be given in one way, but both --inside and --at-least were given. All of a mask is"
            " target, whatever the probability there."
        )
    files = DoseFiles(probability, inside, output, csv=csv, json=json, plot=plot)
    least = LEAST_PROBABILITY if at_least is None else at_least
    prescribe(files, grading.rule(base_gy, boost_gy), at_least=least)
