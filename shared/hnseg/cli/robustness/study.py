"""Study of robustness from the command line: variants run by the loop over cases, then their scores collected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from hnseg.cli.cases.cohort_run import run_and_report
from hnseg.cli.robustness.results import show_results
from hnseg.cohort.case import CohortCase
from hnseg.cohort.finding.names import check_names
from hnseg.cohort.settings import RunSettings
from hnseg.cohort.state.store import CaseStore
from hnseg.cohort.work import WorkReference
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.platform.spec import ChallengeSpec
from hnseg.robustness.report.page import Pictures
from hnseg.robustness.report.worst_cases import worst_cases
from hnseg.robustness.results.pairs import pair_scores
from hnseg.robustness.scores.record import ScoreRecord
from hnseg.robustness.study.collecting import collect_scores
from hnseg.robustness.study.pictures import StudyFiles, draw_worst_cases
from hnseg.robustness.study.variants import Choice, variant_cases
from hnseg.robustness.study.work import Perturbing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hnseg.inference.model.structure_range import StructureRange

VARIANTS_FOLDER = "variants"
"""Folder of the variants in the output of a study, a folder each."""


@dataclass(frozen=True)
class Study:
    """Study that is asked for.

    Attributes:
        spec: Description of the sockets.
        cases: Cases, each with its reference among its images.
        choice: What is perturbed.
        perturbing: Choices of all perturbations.
        output: Folder of the page and its numbers, with a folder `variants`.
    """

    spec: ChallengeSpec
    cases: tuple[CohortCase, ...]
    choice: Choice
    perturbing: Perturbing
    output: Path

    @property
    def store(self) -> CaseStore:
        """Store of the variants."""
        return CaseStore(self.output.absolute() / VARIANTS_FOLDER)

    def draw(self, records: Sequence[ScoreRecord]) -> Pictures:
        """Draw the worst cases of the scores."""
        cases = {case.name: case for case in self.cases}
        files = StudyFiles(self.spec, cases, self.store, self.perturbing)
        return draw_worst_cases(worst_cases(pair_scores(records)), files)


def run_study(
    study: Study,
    work: WorkReference,
    settings: RunSettings,
    *,
    expected: Mapping[str, StructureRange],
    json: Path | None,
) -> None:
    """Run the variants that are not done yet, and show and write the results of all that are.

    Args:
        study: Study that is asked for.
        work: Its work.
        settings: Settings of the loop.
        expected: Ranges of the structures in the training data, by name.
        json: File for all results; None for none but that of the page.

    Raises:
        Exit: Some variants failed; the results are those of the others.
        SystemExit: A signal stopped it.
        HnsegError: The loop or the results raise it.
    """
    variants = variant_cases(study.cases, study.choice)
    check_names([case.name for case in variants], study.output)
    show = partial(_show, study, variants, work, json)
    title = f"{study.spec.title}: robustness"
    labels = study.spec.output.labels
    try:
        run_and_report(variants, work, study.store, settings, labels=labels, title=title, expected=expected)
    except typer.Exit:
        show()
        raise
    show()


def _show(study: Study, variants: Sequence[CohortCase], work: WorkReference, json: Path | None) -> None:
    found = collect_scores(variants, work.sha256, study.store)
    if found.missing:
        typer.echo(f"{found.missing} of {len(variants)} variants have no result yet, or no baseline.", err=True)
    if found.has_variants:
        with output_files(Output("--json", json, f"The results must be written to {json}")) as files:
            show_results(found.records, files, study.output, pictures=study.draw(found.records))
