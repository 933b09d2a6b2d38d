"""Run of a loop over cases from the command line: stopped by signals, and with its report in any case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import typer

from hnseg.cohort.case import CohortCase
from hnseg.cohort.loop import run_cohort
from hnseg.cohort.report.collecting import collect_rows
from hnseg.cohort.report.summary import summary_of
from hnseg.cohort.report.writing import write_report
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.cohort.work import WorkReference
from hnseg.inference.model.structure_range import StructureRange
from hnseg.signals import unwind_on_signals


def run_and_report(  # noqa: PLR0913 (a run, and what its report shows)
    cases: Sequence[CohortCase],
    work: WorkReference,
    store: CaseStore,
    settings: RunSettings,
    *,
    labels: Mapping[int, str],
    title: str,
    expected: Mapping[str, StructureRange],
    then: Callable[[], Sequence[str]] = tuple,
) -> None:
    """Run the cases and write the report, also where a signal or an error ends the run; say how it ended.

    Args:
        cases: Cases with different names.
        work: Work to do.
        store: Store of results.
        settings: Settings of the run.
        labels: Values of the label maps with their names.
        title: Title of the report.
        expected: Ranges of the structures in the training data, by name.
        then: What is done once the cases have ended, before the report; returns the names of cases that it failed for.

    Raises:
        Exit: Some cases failed, or what is done then.
        SystemExit: A signal stopped it.
        HnsegError: As `run_cohort` raises it.
    """
    if not expected:
        _say("The model tells nothing of its training data, so that structures are not compared with them.")
    report = partial(write_report, store, labels, title=title, expected=expected)
    with unwind_on_signals():
        try:
            summary = run_cohort(cases, work, store, settings, say=_say)
            failed_then = then()
        except SystemExit:
            _say("Stopped. The cases that had ended are kept; the same command goes on with the others.")
            report()
            raise
        typer.echo(str(report()))
    _say(f"Summary to paste, as on the page:\n\n{summary_of(collect_rows(store), title=title)}")
    failed = f", {len(summary.failed)} failed: {', '.join(summary.failed[:5])}" if summary.failed else ""
    counted = "1 case" if summary.done == 1 else f"{summary.done} cases"
    _say(f"{counted} done{failed}{' and more' if len(summary.failed) > 5 else ''}.")
    if summary.failed or failed_then:
        raise typer.Exit(1)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
