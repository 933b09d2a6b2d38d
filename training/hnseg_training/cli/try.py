"""`hnseg-train try`: the whole way on a few patients and in minutes, before the long training."""
# ruff: noqa: N999 (the verb's name; it is imported by that alone)

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.rehearsal import EngineName, EngineOption
from hnseg.discovery import challenge_module
from hnseg.errors import EngineError
from hnseg_training.cli.options import CHALLENGES, Challenge

logger = logging.getLogger(__name__)

EXAMPLES = (
    "hnseg-train try hnts_mrg HNTSMRG24_train",
    "hnseg-train try hecktor hecktor2022_training --minutes 10 --engine process --output first_try",
)


def command(
    challenge: Challenge,
    data: Annotated[Path, typer.Argument(help="Data in the challenge's public layout.")],
    output: Annotated[
        Path | None, typer.Option(help="Result: a new folder for all that is made; try_<challenge> if left out.")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.01, max=10_000, help="Minutes that the fit may take, roughly.")] = 2,
    patients: Annotated[int, typer.Option(min=2, help="Patients: the smallest ones that have every structure.")] = 5,
    engine: EngineOption = None,
) -> None:
    """Convert, plan, fit, export and rehearse a few patients, each step by the command that you would type.

    Status 0: the rehearsal passed. Status 1: a step failed, or the rehearsal did. The network is not for use.
    """
    from hnseg_training.trial.trial import Extent, run_trial

    if engine is EngineName.APPTAINER:
        raise typer.BadParameter("Apptainer builds no image, which the rehearsal needs", param_hint="--engine")
    trial = challenge_module(CHALLENGES, challenge, "trial").TRIAL
    extent = Extent(patients, minutes, _engine(engine), _container_dir(challenge))
    passed = run_trial(trial, data, output or Path(f"try_{challenge}"), extent)
    raise typer.Exit(0 if passed else 1)


def _engine(asked: EngineName | None) -> str:
    """Return the engine that is asked for, or the first that answers; process where none does, which is said."""
    from hnseg.rehearsal.running.engine import find_engine

    if asked is not None:
        return asked.value
    try:
        return find_engine().command
    except EngineError as error:
        logger.info("%s\nGoing on without one: the rehearsal runs plain processes.", error)
        return "process"


def _container_dir(challenge: str) -> Path:
    """Return the challenge's folder: that below the current one as its user would type it, or the installed one."""
    import containers

    here = Path("containers", challenge)
    return here if here.is_dir() else Path(containers.__path__[0], challenge)
