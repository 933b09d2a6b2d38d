"""`hnseg cohort`: many cases as the container runs them, on this machine or a cluster, with a page to look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.cohort_run import run_and_report, settings_of
from hnseg.cli.options.cohort import (
    AccountOption,
    ClusterFileOption,
    GpusOption,
    JobMemoryOption,
    JobOption,
    JobProcessorsOption,
    OnOption,
    QueueOption,
    RamOption,
    RetryOption,
    ShardOption,
    WalltimeOption,
    WorkersOption,
)
from hnseg.cli.options.run import BackendOption, DeviceOption, EditionOption, LimitOption, PrecisionOption, SkipOption
from hnseg.cli.printing import show_table
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.listing import listing, summary
from hnseg.cohort.settings import JobSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge


def command(  # noqa: PLR0913, PLR0917 (one parameter an option)
    container_dir: Annotated[Path, typer.Argument(help="The challenge's folder, such as containers/hnts_mrg.")],
    cases: Annotated[Path, typer.Argument(help="Folder of cases, or a CSV with a column a socket.")],
    output_dir: Annotated[
        Path | None, typer.Option("--output", help="Receives a folder a case, a table and a page.")
    ] = None,
    model_dir: Annotated[
        Path | None, typer.Option("--model", help="An nnU-Net result folder or an exported bundle.")
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Say what was found and what is missing.")] = False,
    on: OnOption = "local",
    workers: WorkersOption = None,
    gpus: GpusOption = "",
    shard: ShardOption = "",
    retry_failed: RetryOption = False,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Write how sure the ensemble is, too, and flag where it is not.")
    ] = False,
    limit_s: LimitOption = None,
    ram_gib: RamOption = None,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    skip: SkipOption = "none",
    edition: EditionOption = "",
    queue: QueueOption = None,
    account: AccountOption = None,
    walltime: WalltimeOption = None,
    job_processors: JobProcessorsOption = None,
    job_memory: JobMemoryOption = None,
    job_option: JobOption = None,
    cluster_file: ClusterFileOption = None,
) -> None:
    """Segment many cases as the challenge's container would; called again, go on where it stopped."""
    spec = load_challenge(container_dir, edition).spec
    found = find_cohort(cases, spec)
    if list_only:
        show_table(listing(found, spec, CaseStore(output_dir).status if output_dir else None))
        typer.echo(summary(found, spec))
        return
    typer.echo(summary(found, spec), err=True)
    if model_dir is None or output_dir is None:
        raise InputError(
            "A model and a folder for the results must be given to run the cases (--model DIR --output DIR), but"
            f" {'no model' if model_dir is None else 'no folder'} was; --list needs neither."
        )
    job = JobSettings(queue, account, walltime, job_processors, job_memory, tuple(job_option or ()), cluster_file)
    allowed_s = spec.limits.time_s if limit_s is None else limit_s
    settings = settings_of(
        on=on, workers=workers, gpus=gpus, shard=shard, retry_failed=retry_failed, limit_s=allowed_s, ram_gib=ram_gib,
        job=job,
    )  # fmt: skip
    from hnseg.cohort.challenge_work import challenge_work  # torch is imported once nothing else is wrong
    from hnseg.inference.model.bundle import open_bundle

    work = challenge_work(
        container_dir, model_dir, edition=edition, device=device, precision=precision, backend=backend, skip=skip,
        limit_s=limit_s, uncertainty=uncertainty,
    )  # fmt: skip
    manifest = open_bundle(model_dir).manifest
    run_and_report(
        found.cases,
        work,
        CaseStore(output_dir.absolute()),
        settings,
        labels=spec.output.labels,
        title=spec.title,
        expected=manifest.structures if manifest else {},
    )
