"""Command `hnseg rank`: ranking of teams by a challenge's rules, with a bootstrap of its ranks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.run import check_choice
from hnseg.cli.printing import show_table
from hnseg.errors import InputError
from hnseg.evaluation.picture_file import check_format
from hnseg.evaluation.ranking.bootstrap import RESAMPLINGS
from hnseg.evaluation.ranking.borda.counts import BordaMethod
from hnseg.evaluation.ranking.borda.measures_file import read_measures
from hnseg.evaluation.ranking.borda.report import BordaReport, borda_table, rank_by_borda
from hnseg.evaluation.ranking.methods import METHODS
from hnseg.evaluation.ranking.picture import draw_ranking
from hnseg.evaluation.ranking.ranking import Settings, rank_teams
from hnseg.evaluation.ranking.report import Ranking, RankingReport, ranking_table
from hnseg.evaluation.ranking.route import borda_methods
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files

EXAMPLES = (
    "hnseg rank scores.csv --plot ranking.png",
    "hnseg rank ours.json theirs.json --method hecktor-2025",
)


def command(  # noqa: PLR0913, PLR0917 (the command line's options)
    context: typer.Context,
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORES...",
            help="A CSV with the columns team, case, structure, metric, value. By Borda: one JSON file of hnseg score a"
            " team, named by the team, or a CSV with the columns team, metric, value.",
        ),
    ],
    method: Annotated[
        str, typer.Option(help="Whose ranking: han-seg, by significance; hecktor-2025, by Borda counts.")
    ] = "han-seg",
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Values as JSON: all results.")] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Picture: who beats whom and the ranks' spread; .png or .svg.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="How often the patients are drawn anew; 0 for not.")] = 1000,
    resample: Annotated[
        str, typer.Option(help="cases: with all their structures; cases-and-structures: these drawn anew as well.")
    ] = "cases",
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same one gives the same intervals.")] = 0,
    alpha: Annotated[float, typer.Option(min=0, max=1, help="What p must be below to be significant.")] = 0.05,
    pairs_corrected: Annotated[
        int | None,
        typer.Option(min=1, help="Tests for which a metric's p is corrected; all pairs of teams if not given."),
    ] = None,
) -> None:
    """Rank teams as a challenge does: by pairwise significance tests, or by Borda counts of a few numbers.

    For tests, a value that is empty, NaN or inf is an empty prediction; a structure without a value for any team is
    left out. For Borda counts, teams of equal value share the smaller rank, and nothing breaks a tie; of the options
    below --json alone has a part.
    """
    by_borda = borda_methods()
    check_choice("--method", method, (*METHODS, *by_borda))
    outputs = [
        Output("--json", json, f"The ranking must be written to {json}"),
        Output("--plot", plot, f"The plot must be written to {plot}"),
    ]
    if method in by_borda:
        _refuse_options_of_tests(context, method)
        with output_files(*outputs, inputs=scores) as files:
            _rank_by_borda(scores, by_borda[method], files)
        return
    check_choice("--resample", resample, RESAMPLINGS)
    if plot is not None:
        check_format(plot)
    settings = Settings(METHODS[method], alpha, pairs_corrected, bootstrap, resample, seed)
    with output_files(*outputs, inputs=scores) as files:
        _rank_by_tests(_only(scores, method), settings, files)


def _only(scores: Sequence[Path], method: str) -> Path:
    if len(scores) != 1:
        raise InputError(f"{method} must rank one file with the scores of all teams, found {len(scores)} files.")
    return scores[0]


def _rank_by_tests(scores: Path, settings: Settings, files: OutputFiles) -> None:
    metrics = settings.method.metrics
    report = rank_teams(scores, settings)
    files.write("--json", lambda path: _write(report, path))
    files.write("--plot", lambda path: draw_ranking(report, metrics, path))
    show_table(ranking_table(report, metrics))
    for line in _explanation(report):
        typer.echo(line)


def _rank_by_borda(scores: Sequence[Path], method: BordaMethod, files: OutputFiles) -> None:
    report = rank_by_borda(read_measures(scores, method), method)
    files.write("--json", lambda path: _write(report, path))
    show_table(borda_table(report))
    typer.echo(
        f"In brackets the rank by each; of {len(report.teams)} teams, rank r is worth {len(report.teams)} - r points;"
        " equal ones share the smaller rank."
    )


def _refuse_options_of_tests(context: typer.Context, method: str) -> None:
    given = [
        name
        for name in ("plot", "bootstrap", "resample", "seed", "alpha", "pairs_corrected")
        if (source := context.get_parameter_source(name)) is not None and source.name == "COMMANDLINE"
    ]
    if given:
        raise InputError(
            f"{method} must be ranked without significance tests, but {', '.join(_option(name) for name in given)} was"
            " given. Is another --method meant?"
        )


def _option(parameter: str) -> str:
    return f"--{parameter.replace('_', '-')}"


def _explanation(report: RankingReport) -> list[str]:
    """Return the lines below the table: test, columns, bootstrap and notes."""
    lines = [
        f"Wilcoxon signed-rank test, two-sided, over {report.by_item.compared} items; alpha {report.alpha:g} after"
        f" Bonferroni's correction (K = {report.pairs_corrected}).",
        "S: how many teams it is better than; R: rank by S; A: sum of R; *: shared, as the means disagree.",
    ]
    if report.bootstrap is not None:
        lines.append(
            f"95 %: of {report.bootstrap.draws} draws of {report.bootstrap.resampled}. Kendall's tau with the final"
            f" ranking {_tau(report.by_item)}; by patients {_tau(report.by_patient)}."
        )
    return [*lines, *report.notes]


def _tau(ranking: Ranking) -> str:
    tau = ranking.kendall_tau
    return "undefined" if tau is None or tau.mean is None else f"{tau.mean:.2f} ({tau.low:.2f} to {tau.high:.2f})"


def _write(report: RankingReport | BordaReport, path: Path) -> None:
    path.write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
