"""`hnseg-train plan`: measure, plan and resample a converted challenge."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from hnseg.cli.options.completion import one_of
from hnseg.machine import usable_threads
from hnseg_training.cli.options import Challenge, Work
from hnseg_training.dataset.work_folder import WorkFolder, write_json
from hnseg_training.fitting.preset import PRESETS, preset_named

logger = logging.getLogger(__name__)

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
    timing: Annotated[bool, typer.Option(help="Time some training batches on this machine, for 10 to 20 s.")] = True,
) -> None:
    """Fingerprint, plan and preprocess a converted challenge, and say what its training needs."""
    from hnseg_training.fitting.expected.training_need import lines_of, need_file, training_need
    from hnseg_training.fitting.plan import plan

    folder, chosen = WorkFolder.open(work, challenge=challenge), preset_named(preset)
    plan(folder, chosen, workers=workers)
    need = training_need(folder, chosen, timed=timing)
    write_json(need_file(folder, chosen), need.model_dump(mode="json"))
    for line in lines_of(need):
        logger.info(line)
