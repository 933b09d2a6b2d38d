"""Settings of a cohort's run: where it runs, on how many workers, and which of the cases."""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hnseg.cohort.state.lock import Shard
from hnseg.errors import InputError

Place = Literal["local", "slurm", "pbs", "lsf", "sge", "kubernetes"]
"""Where workers run: on this machine, or as jobs of a scheduler."""


@dataclass(frozen=True)
class JobSettings:
    """Settings of a scheduler's jobs; what is left out is as Dask's configuration (`jobqueue.yaml`) has it.

    Attributes:
        queue: Queue, or Slurm's partition.
        account: Account or project that the time is charged to.
        walltime: Longest time of a job, as the scheduler writes it, such as 04:00:00.
        processors: Processors of a job.
        memory: Memory of a job, such as 16GB.
        directives: Further lines of the job's head without their prefix, such as --gres=gpu:1.
        specification: File with the specification of a `DaskCluster`, for Kubernetes.
    """

    queue: str | None = None
    account: str | None = None
    walltime: str | None = None
    processors: int | None = None
    memory: str | None = None
    directives: tuple[str, ...] = ()
    specification: Path | None = None


@dataclass(frozen=True)
class RunSettings:
    """Settings of a cohort's run.

    Attributes:
        on: Where workers run.
        workers: Number of workers; None for one a GPU that is named, else one.
        gpus: Numbers or identifiers of the GPUs of this machine that are used, one a worker; empty for no choice.
        shard: Share of the cases that is run; None for all of them.
        retry_failed: Whether cases that failed before are tried again.
        limit_s: Seconds that a case may take, to which the work keeps by itself.
        grace_s: Seconds after them, or a tenth of them if that is more, until a case that does not end is stopped.
        ram_gib: Memory of each worker; None for an equal share of this machine's.
        job: Settings of a scheduler's jobs.
    """

    on: Place = "local"
    workers: int | None = None
    gpus: tuple[str, ...] = ()
    shard: Shard | None = None
    retry_failed: bool = False
    limit_s: float = math.inf
    grace_s: float = 30.0
    ram_gib: float | None = None
    job: JobSettings = field(default_factory=JobSettings)

    def __post_init__(self) -> None:
        """Check that the settings go together.

        Raises:
            InputError: GPUs are named for jobs elsewhere, or are fewer than the workers.
        """
        if self.gpus and self.on != "local":
            raise InputError(
                f"GPUs can be named where workers run on this machine, but they are to run on {self.on}, whose"
                " scheduler gives each job its own. Was --job-option=--gres=gpu:1, or the like, meant?"
            )
        if self.gpus and self.number_of_workers > len(self.gpus):
            raise InputError(
                f"Each worker must have a GPU of its own, but there are {self.workers} workers and"
                f" {len(self.gpus)} GPUs. Leave --workers out for one a GPU."
            )

    @property
    def number_of_workers(self) -> int:
        """Number of workers, at least one."""
        return self.workers or len(self.gpus) or 1


def shard_of(text: str) -> Shard:
    """Return a share of the cases by its text, such as 3/20.

    Raises:
        InputError: It is none.
    """
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
    number, shards = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= shards:
        raise InputError(
            f"A shard must be a number from 1, a slash and the number of shards, as in 3/20, found {text!r}."
        )
    return number, shards


def gpus_of(text: str) -> tuple[str, ...]:
    """Return GPUs by their text: numbers with commas between them, or `all`.

    Numbers count among those that `CUDA_VISIBLE_DEVICES` leaves, where it is set.

    Raises:
        InputError: It is neither, or a GPU is not there.
    """
    visible = _visible_gpus()
    if text.strip() != "all":
        return tuple(_numbered(number, visible) for number in _numbers_in(text))
    if not visible:
        raise InputError("All GPUs were asked for, but none is found here. `hnseg doctor` says why.")
    return visible


def _numbers_in(text: str) -> list[int]:
    words = [word.strip() for word in text.split(",")]
    if not all(re.fullmatch("[0-9]{1,4}", word) for word in words) or len(set(words)) < len(words):
        raise InputError(f"GPUs must be all, or different numbers with commas between them, as in 0,1, found {text!r}.")
    return [int(word) for word in words]


def _numbered(number: int, visible: tuple[str, ...]) -> str:
    if visible and number >= len(visible):
        raise InputError(f"GPU {number} was asked for, but there are {len(visible)} here, which count from 0.")
    return visible[number] if visible else str(number)


def _visible_gpus() -> tuple[str, ...]:
    """Return the GPUs that programs of this process may use; empty where there is none."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return tuple(word.strip() for word in named.split(",") if word.strip() not in ("", "-1"))
    from hnseg.inference.gpu import number_of_gpus

    return tuple(str(number) for number in range(number_of_gpus()))
