"""Command `hnseg phantom`: synthetic cases of a challenge."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import typer

from hnseg.cli.options.completion import challenge_in
from hnseg.cli.options.run import check_choice
from hnseg.discovery import challenge_module
from hnseg.imaging.files.output_folders import added_files

logger = logging.getLogger(__name__)

_PHANTOMS = "hnseg.phantom.challenges"


EXAMPLES = (
    "hnseg phantom hnts_mrg --cases 10 --seed 1 --output cases",
    "hnseg phantom hnts_mrg --layout challenge --cases 10 --output public",
)


def command(  # noqa: PLR0913, PLR0917 (the command line's options)
    challenge: Annotated[
        str, typer.Argument(help="Name of a challenge, such as hnts_mrg.", autocompletion=challenge_in(_PHANTOMS))
    ],
    output: Annotated[Path, typer.Option(help="Result: a folder for the cases, made when missing.")],
    cases: Annotated[int, typer.Option(min=1, help="How many patients.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same voxels.")] = 0,
    layout: Annotated[str, typer.Option(help="container: as the platform mounts them; challenge: as published.")] = (
        "container"
    ),
    grid: Annotated[str, typer.Option(help="small: coarse and fast; full: the sizes of the public data.")] = "small",
    variants: Annotated[
        bool, typer.Option("--variants", help="Write one case of each special kind instead of --cases.")
    ] = False,
) -> None:
    """Write synthetic patients, with their truth, in a challenge's layout.

    Cases may be added to a folder: its tables get further rows, and no other file that is there is replaced.
    """
    phantoms: Any = challenge_module(_PHANTOMS, challenge)
    check_choice("--layout", layout, phantoms.LAYOUTS)
    check_choice("--grid", grid, phantoms.GRIDS)
    named = list(phantoms.VARIANTS.items()) if variants else [("", phantoms.ANY)] * cases
    for index, (name, variant) in enumerate(named):
        patient = phantoms.draw_patient(seed, index, grid=grid, variant=variant)
        with added_files(output) as provisional:
            case = output / phantoms.LAYOUTS[layout](patient, provisional).relative_to(provisional)
        logger.info("wrote %s%s", case, f" ({name})" if name else "")
