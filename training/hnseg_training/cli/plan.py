"""`hnseg-train plan`: measure, plan and resample a converted challenge."""

from __future__ import annotations

from typing import Annotated

import typer

from hnseg.cli.options.completion import one_of
from hnseg.machine import usable_threads
from hnseg_training.cli.options import Challenge, Work
from hnseg_training.dataset.work_folder import WorkFolder
from hnseg_training.fitting.preset import PRESETS, preset_named

EXAMPLES = (
    "hnseg-train plan hnts_mrg --work work",
    "hnseg-train plan hnts_mrg --work work --preset demo",
)


def command(
    challenge: Challenge,
    work: Work,
    preset: Annotated[
        str, typer.Option(help=f"Preset: one of {', '.join(PRESETS)}.", autocompletion=one_of(lambda: tuple(PRESETS)))
    ] = "resenc-m",
    workers: Annotated[int, typer.Option(min=1, help="Processes: those that resample cases.")] = usable_threads(),
) -> None:
    """Fingerprint, plan and preprocess a converted challenge."""
    from hnseg_training.fitting.plan import plan

    plan(WorkFolder.open(work, challenge=challenge), preset_named(preset), workers=workers)
