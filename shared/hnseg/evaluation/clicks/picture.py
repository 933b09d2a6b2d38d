"""Picture of simulated users: the curves of each measure over the clicks, a line for each structure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hnseg.evaluation.clicks.report import EACH_LESION, ClicksReport
from hnseg.evaluation.picture_file import LINE_COLOURS, check_format, tidy_axes, write_picture

_TITLES = {
    "dsc": "DSC",
    "nsd": "NSD at 2 mm",
    "hd_mm": "HD (mm)",
    "false_positive_ml": "false positives (ml), all cases",
    "false_negative_ml": "false negatives (ml)",
}


@style.context("default")  # nnU-Net's training changes the style of its process
def draw_curves(report: ClicksReport, path: Path) -> None:
    """Write the picture: a panel for each measure. A dot at the right shows the mean after one click in each lesion.

    Args:
        report: Report to draw.
        path: File to write, .png or .svg; the same report gives the same bytes.

    Raises:
        InputError: The suffix of the path is no known format.
        OSError: The file can't be written.
    """
    check_format(path)
    figure = Figure(figsize=(2.9 * len(_TITLES), 3.2), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (measure, title) in zip(figure.subplots(1, len(_TITLES)), _TITLES.items(), strict=True):
        _draw_measure(axes, report, measure)
        axes.set_title(title, fontsize=9)
    user = report.user
    words = f"{len(report.cases)} cases, clicks by {user.rule}, {'with' if user.has_guard else 'without'} the guard"
    handles, names = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncols=4, frameon=False, fontsize=9, title=words, title_fontsize=9
    )
    write_picture(figure, path)


def _draw_measure(axes: Axes, report: ClicksReport, measure: str) -> None:
    for (name, lines), colour in zip(report.curves.items(), LINE_COLOURS, strict=False):
        values = np.array(lines[measure], np.float64)
        label = f"{name}, of {report.cases_with[name]} cases"
        axes.plot(np.arange(len(values)), values, color=colour, marker="o", markersize=3, label=label)
        lesions = report.table.get(EACH_LESION, {}).get(name, {}).get(f"mean_{measure}")
        if lesions is not None:
            place = len(values) - 0.3
            axes.plot(
                place, lesions, color=colour, marker="D", linestyle="", markersize=5, label=f"{name}, each lesion"
            )
    axes.set_xlabel("clicks", fontsize=9)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if measure not in {"dsc", "nsd"}:
        axes.set_ylim(bottom=0)
    tidy_axes(axes)
