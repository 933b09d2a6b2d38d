"""Options of a loop over cases, as typer takes them: where it runs, on how many workers, and which cases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cohort.settings import Place

OnOption = Annotated[Place, typer.Option("--on", help="Where the workers run: on this machine, or as jobs.")]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, help="Number of workers, one case each; one a GPU, else one, if left out.")
]
GpusOption = Annotated[str, typer.Option(metavar="all|0,1", help="GPUs of this machine to use, one a worker.")]
ShardOption = Annotated[str, typer.Option(metavar="K/N", help="Run only the K-th of N shares of the cases.")]
RetryOption = Annotated[bool, typer.Option("--retry-failed", help="Try cases again that failed before.")]
RamOption = Annotated[
    float | None,
    typer.Option(min=0, help="Memory of each worker in GiB; an equal share of all if left out."),
]
QueueOption = Annotated[str | None, typer.Option(help="Queue or partition of the jobs.")]
AccountOption = Annotated[str | None, typer.Option(help="Account or project of the jobs.")]
WalltimeOption = Annotated[str | None, typer.Option(metavar="04:00:00", help="Longest time of a job.")]
JobProcessorsOption = Annotated[int | None, typer.Option(min=1, help="Processors of a job.")]
JobMemoryOption = Annotated[str | None, typer.Option(metavar="16GB", help="Memory of a job.")]
JobOption = Annotated[
    list[str] | None, typer.Option(metavar="DIRECTIVE", help="Further directive of a job, such as --gres=gpu:1.")
]
ClusterFileOption = Annotated[
    Path | None, typer.Option(metavar="FILE.yaml", help="Specification of a DaskCluster, for Kubernetes.")
]
