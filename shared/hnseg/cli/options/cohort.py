"""Options of a loop over cases, as typer takes them: its workers, which cases, and the jobs of a scheduler."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from hnseg.cohort.settings import JobSettings, Place, RunSettings, gpus_of, shard_of

OnOption = Annotated[Place, typer.Option("--on", help="Where the workers run: on this machine, or as jobs.")]
RamOption = Annotated[
    float | None, typer.Option(min=0, help="Memory in GiB: of each worker, an equal share of all if left out.")
]


@dataclass(frozen=True)
class WorkerOptions:
    """Options on workers and on the share of the cases that they get."""

    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes: one case each; one a GPU, else one, if left out.")
    ] = None
    gpus: Annotated[str, typer.Option(metavar="all|0,1", help="GPUs of this machine to use, one a worker.")] = ""
    shard: Annotated[str, typer.Option(metavar="K/N", help="Run only the K-th of N shares of the cases.")] = ""
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try cases again that failed before.")] = False

    def settings(self, **others: Any) -> RunSettings:
        """Return the settings of a run.

        Args:
            others: Further settings, by their name.

        Raises:
            InputError: A text can't be understood, or the settings don't go together.
        """
        return RunSettings(
            workers=self.workers,
            gpus=gpus_of(self.gpus) if self.gpus else (),
            shard=shard_of(self.shard) if self.shard else None,
            retry_failed=self.retry_failed,
            **others,
        )


@dataclass(frozen=True)
class JobOptions:
    """Options on the jobs of a scheduler."""

    queue: Annotated[str | None, typer.Option(help="Queue or partition of the jobs.")] = None
    account: Annotated[str | None, typer.Option(help="Account or project of the jobs.")] = None
    walltime: Annotated[str | None, typer.Option(metavar="04:00:00", help="Longest time of a job.")] = None
    job_processors: Annotated[int | None, typer.Option(min=1, help="Processors of a job.")] = None
    job_memory: Annotated[str | None, typer.Option(metavar="16GB", help="Memory of a job.")] = None
    job_option: Annotated[
        list[str] | None, typer.Option(metavar="DIRECTIVE", help="Further directive of a job, such as --gres=gpu:1.")
    ] = None
    cluster_file: Annotated[
        Path | None, typer.Option(metavar="FILE.yaml", help="Specification of a DaskCluster, for Kubernetes.")
    ] = None

    def settings(self) -> JobSettings:
        """Return the settings of a job."""
        return JobSettings(
            queue=self.queue,
            account=self.account,
            walltime=self.walltime,
            processors=self.job_processors,
            memory=self.job_memory,
            directives=tuple(self.job_option or ()),
            specification=self.cluster_file,
        )
