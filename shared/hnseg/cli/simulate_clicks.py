"""`hnseg simulate-clicks`: a simulated user corrects the segmentation of many cases, whose references are known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg.cli.cases.cohort_run import run_and_report
from hnseg.cli.options.cohort import RamOption, WorkerOptions
from hnseg.cli.options.records import with_records
from hnseg.cli.options.run import BackendOption, CheckpointOption, DeviceOption, GuardOption, PrecisionOption
from hnseg.cohort.finding.find import find_cohort
from hnseg.cohort.finding.listing import summary
from hnseg.cohort.finding.references import with_references
from hnseg.cohort.state.store import CaseStore
from hnseg.evaluation.clicks.simulated_user import Rule
from hnseg.platform.challenge import load_challenge

EXAMPLES = ("hnseg simulate-clicks test_data/hn_uiseg/model test_data/hn_uiseg --output clicked",)


@with_records
def command(  # noqa: PLR0913 (one parameter an option)
    model_dir: Annotated[Path, typer.Argument(metavar="MODEL", help="A model with channels for clicks.")],
    cases: Annotated[Path, typer.Argument(help="Folder of cases, as hnseg cohort takes it.")],
    *,
    output_dir: Annotated[Path, typer.Option("--output", metavar="DIR", help="Result: a folder a case.")],
    references: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="References: a label map a case; left out: each case's own `expected`."),
    ] = None,
    most_clicks: Annotated[int, typer.Option(min=0, max=500, help="Clicks on errors at most.")] = 10,
    rule: Annotated[Rule, typer.Option(help="The error that is clicked first: the deepest, or the largest.")] = "depth",
    budget: Annotated[
        Literal["shared", "halved"], typer.Option(help="Any clicks on any structure, or at most half of them on one.")
    ] = "shared",
    guard: GuardOption = True,
    each_lesion: Annotated[
        bool, typer.Option("--each-lesion", help="Also click once into each lesion of the reference.")
    ] = False,
    challenge: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The challenge's folder; left out: the installed hn_uiseg.")
    ] = None,
    workers: WorkerOptions,
    device: DeviceOption = "auto",
    precision: PrecisionOption = "exact",
    backend: BackendOption = "auto",
    ram_gib: RamOption = None,
    checkpoint: CheckpointOption = "auto",
) -> None:
    """Correct the segmentation of many cases by the clicks of a simulated user; called again, go on where it stopped.

    Of each case: clicks.json, the clicks as `hnseg refine` reads them with the measures after each, and the label maps
    of steps 0, 1 and last. `hnseg score hn_uiseg --clicks DIR` makes a table and curves of them.
    """
    container = challenge or "hn_uiseg"
    spec = load_challenge(container).spec
    found = with_references(find_cohort(cases, spec), spec.output, references)
    typer.echo(summary(found, spec), err=True)
    settings = workers.settings(ram_gib=ram_gib)
    from hnseg.cohort.clicked_case import UserOptions  # torch is imported once nothing else is wrong
    from hnseg.cohort.clicks_work import clicks_work
    from hnseg.inference.model.bundle import open_bundle

    bundle = open_bundle(model_dir, checkpoint=checkpoint)
    user = UserOptions(
        clicks=most_clicks,
        rule=rule,
        most_per_structure=most_clicks // 2 if budget == "halved" else None,
        guard=guard,
        each_lesion=each_lesion,
    )
    work = clicks_work(container, bundle, user, device=device, precision=precision, backend=backend)
    store = CaseStore(output_dir.absolute())
    title = f"{spec.title}: simulated clicks"
    run_and_report(
        found.cases, work, store, settings, labels=spec.output.labels, title=title, expected=bundle.structures
    )
