"""Picture of a ranking: a map of significant differences for each metric, and the ranks in the draws."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from hnseg.evaluation.picture_file import check_format, write_picture
from hnseg.evaluation.ranking.methods import Metric
from hnseg.evaluation.ranking.report import Bootstrap, PairComparison, Ranking, RankingReport

# Colours of Okabe and Ito, distinguishable with any kind of colour vision.
_BETTER, _WORSE, _NEITHER = "#0072b2", "#e69f00", "#e8e8e8"
_MOST_TEAMS_WITH_TEXT = 12
_DPI = 150
_FINAL_RANK: dict[str, Any] = {"marker": "D", "color": "white", "markeredgecolor": "black", "markersize": 5}


@style.context("default")  # nnU-Net's training changes the style of its process
def draw_ranking(report: RankingReport, metrics: Sequence[Metric], path: Path) -> None:
    """Write the picture: a map for each metric and, where there is a bootstrap, the ranks by item and by patient below.

    Args:
        report: Ranking to draw.
        metrics: Metrics of the maps, from left to right.
        path: File to write, .png or .svg; the same report gives the same bytes.

    Raises:
        InputError: The suffix of the path is no known format.
        OSError: The file can't be written; what there is of it stays.
    """
    check_format(path)
    names = [team.team for team in report.by_item.teams]
    rows = 1 if report.bootstrap is None else 2
    cell = 0.62 if len(names) <= _MOST_TEAMS_WITH_TEXT else 0.3
    side = max(2.8, cell * len(names)) + 0.9
    figure = Figure(figsize=(2 * side * 1.35, rows * side), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, max(2, len(metrics)), squeeze=False)
    for axes, metric in zip(panels[0], metrics, strict=False):
        _draw_map(axes, [pair for pair in report.by_item.pairs if pair.metric == metric.name], names)
        axes.set_title(f"{metric.name}: is the row better than the column?", fontsize=10)
    for axes in panels[0][len(metrics) :]:
        axes.set_axis_off()
    _explain_map(figure, report)
    if report.bootstrap is not None:
        for axes, ranking, unit in zip(
            panels[1], (report.by_item, report.by_patient), ("items", "patients"), strict=False
        ):
            _draw_ranks(axes, ranking, names)
            axes.set_title(_ranks_title(ranking, unit), fontsize=10)
        _explain_ranks(figure, report.bootstrap)
    write_picture(figure, path)


def _draw_map(axes: Axes, pairs: Sequence[PairComparison], names: Sequence[str]) -> None:
    """Colour the cell of each pair, and its mirror image."""
    cells = np.full((len(names), len(names)), np.nan)
    for pair in pairs:
        one, other = names.index(pair.team), names.index(pair.other)
        outcome = {pair.team: 1, pair.other: -1, None: 0}[pair.better]
        cells[one, other], cells[other, one] = outcome, -outcome
        if len(names) <= _MOST_TEAMS_WITH_TEXT:
            for row, column in ((one, other), (other, one)):
                dark = cells[row, column] == 1
                axes.text(
                    column,
                    row,
                    _p_text(pair.p_corrected),
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="white" if dark else "black",
                )
    axes.imshow(cells, cmap=ListedColormap([_WORSE, _NEITHER, _BETTER]), vmin=-1, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(names) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


def _explain_map(figure: Figure, report: RankingReport) -> None:
    handles = [
        Patch(color=_BETTER, label="better"),
        Patch(color=_WORSE, label="worse"),
        Patch(color=_NEITHER, label="not significant"),
    ]
    title = (
        f"Wilcoxon signed-rank over {report.by_item.compared} items, p after Bonferroni's correction"
        f" (K = {report.pairs_corrected}), alpha {report.alpha:g}"
    )
    figure.legend(
        handles=handles, title=title, loc="outside upper center", ncols=3, frameon=False, fontsize=9, title_fontsize=9
    )


def _draw_ranks(axes: Axes, ranking: Ranking, names: Sequence[str]) -> None:
    """Draw a disc for each rank of each team, of an area by its fraction of the draws, and the interval as a line."""
    largest = 500.0 if len(names) <= _MOST_TEAMS_WITH_TEXT else 120.0
    for team in ranking.teams:
        if team.bootstrap is None:
            continue
        row = names.index(team.team)
        ranks = np.arange(1, len(names) + 1)
        axes.hlines(row, team.bootstrap.rank_low, team.bootstrap.rank_high, color=_BETTER, linewidth=2)
        axes.scatter(ranks, [row] * len(ranks), s=largest * np.array(team.bootstrap.rank_shares), color=_BETTER)
        axes.plot(team.rank, row, **_FINAL_RANK)
        if len(names) <= _MOST_TEAMS_WITH_TEXT:
            _write_shares(axes, row, team.bootstrap.rank_shares)
    axes.set_xlim(0.4, len(names) + 0.6)
    axes.set_ylim(len(names) - 0.4, -0.7)
    axes.set_xticks(range(1, len(names) + 1))
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xlabel("rank", fontsize=9)
    axes.grid(color=_NEITHER)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[:].set_visible(False)


def _write_shares(axes: Axes, row: int, shares: Sequence[float]) -> None:
    """Write each fraction above its disc; small ones would be unreadable."""
    for rank, share in enumerate(shares, start=1):
        if share >= 0.005:
            above = (0, 5 + 10 * share**0.5)
            axes.annotate(
                f"{share * 100:.0f} %", (rank, row), above, textcoords="offset points", ha="center", fontsize=7
            )


def _explain_ranks(figure: Figure, report: Bootstrap) -> None:
    handles = [
        Line2D([], [], linestyle="", label="final rank", **_FINAL_RANK),
        Line2D([], [], linestyle="", marker="o", color=_BETTER, markersize=9, label="share of draws"),
        Line2D([], [], color=_BETTER, linewidth=2, label="95 % of draws"),
    ]
    title = f"{report.draws} draws of {report.resampled.replace('-', ' ')}; tau compares each with the final ranking"
    figure.legend(
        handles=handles, title=title, loc="outside lower center", ncols=3, frameon=False, fontsize=9, title_fontsize=9
    )


def _ranks_title(ranking: Ranking, unit: str) -> str:
    title = f"Ranks by {ranking.compared} {unit}"
    tau = ranking.kendall_tau
    if tau is None or tau.mean is None:
        return title
    return f"{title}: Kendall's tau {tau.mean:.2f} ({tau.low:.2f} to {tau.high:.2f})"


def _p_text(p: float) -> str:
    if p < 0.001:
        return "<.001"
    return "1" if p >= 0.9995 else f"{p:.3f}".lstrip("0")
