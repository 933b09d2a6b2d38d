"""`hnseg cohort`: many cases as the container runs them, on this machine or a cluster, with a page to look at."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.cases.cases_to_run import CasesToRun
from hnseg.cli.cases.cohort_run import run_and_report
from hnseg.cli.cases.exports import Exports
from hnseg.cli.options.cohort import JobOptions, OnOption, RamOption, WorkerOptions
from hnseg.cli.options.container import ContainerFolder, ContainerOptions
from hnseg.cli.options.dicom import ChoiceOptions
from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import CheckpointOption, ModelsOption
from hnseg.cli.options.uncertainty import CohortUncertainty
from hnseg.cli.options.write import WriteOption, formats_asked
from hnseg.cli.printing import show_table
from hnseg.cohort.finding.listing import listing, summary
from hnseg.cohort.loop import share_of
from hnseg.cohort.state.store import CaseStore
from hnseg.errors import InputError
from hnseg.platform.challenge import load_challenge
from hnseg.rule.model import open_model

EXAMPLES = (
    "hnseg cohort containers/hecktor cases --list",
    "hnseg cohort containers/hecktor cases --model model --output results --workers 2",
)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    container_dir: ContainerFolder,
    cases: Annotated[Path, typer.Argument(help="Folder of cases, or a CSV with a column a socket.")],
    *,
    output_dir: Annotated[
        Path | None, typer.Option("--output", help="Result: a folder a case, a table and a page.")
    ] = None,
    model_dirs: ModelsOption = [],  # noqa: B006 (typer makes a new one)
    dicom: Annotated[
        bool, typer.Option("--dicom", help="The cases are folders of DICOM files, one a patient.")
    ] = False,
    choice: ChoiceOptions,
    list_only: Annotated[bool, typer.Option("--list", help="Say what was found and what is missing.")] = False,
    on: OnOption = "local",
    workers: WorkerOptions,
    unsure: CohortUncertainty,
    ram_gib: RamOption = None,
    checkpoint: CheckpointOption = "auto",
    container: ContainerOptions,
    jobs: JobOptions,
    write: WriteOption = "",
) -> None:
    """Segment many cases as the challenge's container would; called again, go on where it stopped.

    With --dicom, the images of each case are made of the series in its folder; --series CASE:ct=3 chooses where several
    may be meant.
    """
    further = unsure.further
    challenge = load_challenge(container_dir, container.edition)
    spec = challenge.spec
    formats = formats_asked(write, has_dicom=dicom)
    cohort = CasesToRun.find(cases, spec, choice, in_dicom=dicom)
    if list_only:
        show_table(listing(cohort.found, spec, CaseStore(output_dir).status if output_dir else None))
        typer.echo(summary(cohort.found, spec))
        return
    typer.echo(summary(cohort.found, spec), err=True)
    _needed("--model", model_dirs[0] if model_dirs else None)
    output = _needed("--output", output_dir)
    settings = workers.settings(on=on, limit_s=container.allowed_s(spec), ram_gib=ram_gib, job=jobs.settings())
    bundle = open_model(model_dirs, challenge.method, checkpoint=checkpoint)
    work = container.work(container_dir, bundle, uncertainty=unsure.uncertainty, further=further)  # torch is imported
    store = CaseStore(output.absolute())
    ready = cohort.with_images(store.folder, settings.shard)
    exports = Exports(spec, formats, bundle.sha256)
    names = [case.name for case in share_of(ready, settings.shard)]
    then = partial(exports.write_all, store, names, cohort.chosen, cases)
    labels, expected = spec.output.labels, bundle.structures
    run_and_report(ready, work, store, settings, labels=labels, title=spec.title, expected=expected, then=then)


def _needed(option: str, path: Path | None) -> Path:
    """Return the folder of an option that only a list can do without.

    Raises:
        InputError: It was left out.
    """
    if path is None:
        raise InputError(
            "A model and a folder for the results must be given to run the cases (--model DIR --output DIR), but"
            f" {option} was left out; only --list needs neither."
        )
    return path
