"""Page of a study of robustness: one file of HTML without outside parts, for the light and the dark."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hnseg.drawing.page.environment import environment_of
from hnseg.errors import OutputError
from hnseg.imaging.files.output_files import Output, output_files, reason_of
from hnseg.robustness.report.box_plots import BOTTOM, HEIGHT, LEFT, WIDTH, panels_of
from hnseg.robustness.report.maps import correlation_maps, loss_map
from hnseg.robustness.report.worst_cases import worst_cases
from hnseg.robustness.results.pairs import pair_scores
from hnseg.robustness.results.summary import RobustnessSummary
from hnseg.robustness.results.tables import baseline_table, correlations_table
from hnseg.robustness.scores.record import ScoreRecord, Variant
from hnseg.robustness.scores.scores_csv import as_csv
from hnseg.version import __version__

PAGE_FILE, JSON_FILE, CSV_FILE = "robustness.html", "robustness.json", "scores.csv"
"""Names of the report's files."""

Pictures = Mapping[tuple[str, Variant], bytes]
"""PNG of a case's perturbed image, by case and variant."""


def write_report(
    summary: RobustnessSummary, records: Sequence[ScoreRecord], folder: Path, *, pictures: Pictures | None = None
) -> Path:
    """Write the page, the summary as JSON and the scores as CSV, all of them or none.

    Args:
        summary: Results of the study.
        records: Scores that they are of.
        folder: Folder of the report, made if it does not exist.
        pictures: Pictures for the worst cases, as far as there are any.

    Returns:
        Path of the page.

    Raises:
        OutputError: The folder can't be written to.
    """
    contents = {
        JSON_FILE: summary.model_dump_json(indent=2) + "\n",
        CSV_FILE: as_csv(records),
        PAGE_FILE: as_page(summary, records, pictures or {}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The report must be written to {folder}, but that failed: {reason_of(error)}."
            " Is it a folder, with space and permission to write?"
        ) from error
    outputs = [Output(name, folder / name, f"The report must be written to {folder / name}") for name in contents]
    with output_files(*outputs) as files:
        for name, text in contents.items():
            files.write(name, partial(Path.write_text, data=text, encoding="utf-8"))
    return folder / PAGE_FILE


def as_page(summary: RobustnessSummary, records: Sequence[ScoreRecord], pictures: Pictures) -> str:
    """Return the page as HTML."""
    environment = environment_of("hnseg.robustness.report")
    pairs = pair_scores(records)
    worst = worst_cases(pairs)
    shown = {one: pictures[one.case, one.variant] for one in worst if (one.case, one.variant) in pictures}
    return environment.get_template("robustness.html.j2").render(
        summary=summary,
        variants=len({pair.variant for pair in pairs}),
        significant=sum(cell.stars != "ns" for cell in summary.cells),
        baseline=baseline_table(summary),
        severities=sorted({pair.variant.severity for pair in pairs}),
        panels=panels_of(pairs),
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": BOTTOM},
        losses=loss_map(summary),
        correlations=correlation_maps(summary),
        strongest=correlations_table(summary),
        worst=worst,
        pictures={one: base64.b64encode(picture).decode() for one, picture in shown.items()},
        pasted=_summary(summary, len({pair.variant for pair in pairs})),
        version=__version__,
    )


def _summary(summary: RobustnessSummary, variants: int) -> str:
    """Return the cases as they are and the number of significant losses as Markdown, to be pasted."""
    losses = sum(cell.stars != "ns" for cell in summary.cells)
    title = f"Robustness: {summary.cases} cases, {variants} variants of each, hnseg {__version__}"
    found = f"Significant median losses of DSC: {losses} of {len(summary.cells)}"
    return f"{title}\n\n{baseline_table(summary).as_markdown()}\n\n{found}\n"
