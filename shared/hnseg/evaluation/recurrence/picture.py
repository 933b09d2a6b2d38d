"""Pictures of a comparison: captured origins against volume, and the sweep of the SUVmax threshold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hnseg.evaluation.picture_file import LINE_COLOURS, as_png, check_format, tidy_axes, write_picture
from hnseg.evaluation.recurrence.comparison import Comparison
from hnseg.evaluation.recurrence.patient_score import STRUCTURE
from hnseg.evaluation.recurrence.summary import RULES
from hnseg.evaluation.recurrence.suvmax_sweep import SuvmaxSweep
from hnseg.evaluation.recurrence.threshold_curve import Curve

_GREY = "#777777"
_TITLES = {"centre": "centre of volume", "core": "eroded core"}


def draw_captures(comparison: Comparison, path: Path, colours: Mapping[str, str]) -> None:
    """Write the picture of captured origins against volume, and the sweep below it where there is one.

    Args:
        comparison: Comparison to draw.
        colours: Colour of each method, #rrggbb, by its name.
        path: File to write, .png or .svg; the same comparison gives the same bytes.

    Raises:
        InputError: The suffix of the path is no known format.
        OSError: The file can't be written.
    """
    check_format(path)
    write_picture(_figure(comparison, colours), path)


def captures_png(comparison: Comparison, colours: Mapping[str, str]) -> bytes:
    """Return the same picture as a PNG."""
    return as_png(_figure(comparison, colours))


@style.context("default")  # nnU-Net's training changes the style of its process
def _figure(comparison: Comparison, colours: Mapping[str, str]) -> Figure:
    rows = 1 if comparison.sweep is None else 2
    figure = Figure(figsize=(10.5, 3.9 * rows), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, len(RULES), squeeze=False)
    for place, rule in zip(axes[0], RULES, strict=True):
        _draw_captures(place, comparison, rule, colours)
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    if comparison.sweep is not None:
        _draw_dice(axes[1][0], comparison.sweep)
        _draw_shares(axes[1][1], comparison.sweep)
    return figure


def _draw_captures(axes: Axes, comparison: Comparison, rule: str, colours: Mapping[str, str]) -> None:
    """Draw a curve for each method with probabilities, and for SUVmax, and a point for each method."""
    for method in comparison.methods:
        colour = colours[method.name]
        curve = comparison.curves.get(method.name)
        if curve is not None:
            _draw_curve(axes, curve, rule, colour, f"{method.name}, any threshold")
        counts = method.report.overall
        volume_cc = method.report.structures[STRUCTURE]["median_prediction_cc"]
        if counts["origins"] and volume_cc is not None:
            share = (counts[f"origins_captured_by_{rule}"] or 0) / counts["origins"]
            axes.plot(volume_cc, share, color=colour, marker="D", linestyle="", label=method.name)
    if comparison.sweep is not None:
        _draw_curve(axes, comparison.sweep.curve, rule, _GREY, "SUVmax, 1 to 100 %")
    axes.set_xscale("symlog", linthresh=1.0)
    axes.set_xlim(left=0)
    axes.set_ylim(-0.03, 1.03)
    axes.set_title(f"origins by the {_TITLES[rule]}", fontsize=10)
    axes.set_xlabel("predicted volume, median (cc)", fontsize=9)
    axes.set_ylabel("share captured", fontsize=9)
    tidy_axes(axes)


def _draw_curve(axes: Axes, curve: Curve, rule: str, colour: str, name: str) -> None:
    if not curve.origins:
        return
    volumes = np.array([point.median_cc for point in curve.points], np.float64)
    shares = np.array([getattr(point, f"captured_by_{rule}") for point in curve.points]) / curve.origins
    axes.plot(volumes, shares, color=colour, linewidth=1.6, label=name)


def _draw_dice(axes: Axes, sweep: SuvmaxSweep) -> None:
    points = sweep.curve.points
    percents = [point.threshold for point in points]
    axes.plot(percents, np.array([point.mean_dsc for point in points], np.float64), color=LINE_COLOURS[0])
    axes.axvline(sweep.best_percent, color=_GREY, linestyle="--", linewidth=1)
    axes.set_title(f"mean DSC, largest at {sweep.best_percent} % of SUVmax", fontsize=10)
    axes.set_xlabel("threshold (% of SUVmax)", fontsize=9)
    axes.set_ylim(bottom=0)
    tidy_axes(axes)


def _draw_shares(axes: Axes, sweep: SuvmaxSweep) -> None:
    for rule, colour in zip(RULES, LINE_COLOURS, strict=False):
        shares = [getattr(point, f"captured_by_{rule}") / max(1, sweep.curve.origins) for point in sweep.curve.points]
        axes.plot([point.threshold for point in sweep.curve.points], shares, color=colour, label=_TITLES[rule])
    axes.axvline(sweep.best_percent, color=_GREY, linestyle="--", linewidth=1)
    axes.set_title("share of origins captured", fontsize=10)
    axes.set_xlabel("threshold (% of SUVmax)", fontsize=9)
    axes.set_ylim(-0.03, 1.03)
    axes.legend(frameon=False, fontsize=9)
    tidy_axes(axes)
