"""Pictures of a calibration: reliability diagrams and the risk-coverage curve, before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hnseg.evaluation.calibration.measures import CalibrationMeasures
from hnseg.evaluation.calibration.reliability import ReliabilityBin
from hnseg.records import MaybeNumber
from hnseg_training.calibration.report import CalibrationReport

# Colours of Okabe and Ito, distinguishable with any kind of colour vision.
_BEFORE, _AFTER, _GREY = "#d55e00", "#0072b2", "#888888"
_COLUMNS = 4
_DPI = 120


@style.context("default")  # nnU-Net's training changes the style of its process
def draw_reliability(report: CalibrationReport, path: Path) -> None:
    """Write the reliability diagrams of the band as PNG: of the label's confidence, and of each structure.

    Args:
        report: Calibration to draw.
        path: File to write; the same report gives the same bytes.
    """
    before, after = report.band.before, report.band.after
    panels = [("label", (before.ece, after.ece), (before.reliability, after.reliability))]
    for name in before.structures:
        pair = before.structures[name], after.structures[name]
        panels.append((name, (pair[0].ece, pair[1].ece), (pair[0].reliability, pair[1].reliability)))
    rows = -(-len(panels) // _COLUMNS)
    columns = min(_COLUMNS, len(panels))
    figure = Figure(figsize=(3.4 * columns, 3.7 * rows + 0.5), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for each, (title, errors, bins) in zip(axes, panels, strict=False):
        _draw_diagram(each, bins)
        each.set_title(f"{title}\nECE {_text(errors[0])}, calibrated {_text(errors[1])}", fontsize=10)
    for each in axes[len(panels) :]:
        each.set_axis_off()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False, fontsize=9)
    figure.savefig(path, metadata={"Software": None})


@style.context("default")
def draw_risk_coverage(report: CalibrationReport, path: Path) -> None:
    """Write the risk-coverage curves as PNG, of the band and of all voxels.

    Args:
        report: Calibration to draw.
        path: File to write; the same report gives the same bytes.
    """
    figure = Figure(figsize=(8.4, 4.0), dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    sets = ((f"band of {report.band_mm:g} mm", report.band), ("all voxels", report.everywhere))
    for axes, (title, pair) in zip(figure.subplots(1, 2), sets, strict=True):
        _draw_curve(axes, pair.before, "before", _BEFORE)
        _draw_curve(axes, pair.after, "calibrated", _AFTER)
        axes.set_title(title, fontsize=10)
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        _label(axes, "coverage (surest voxels first)", "risk (fraction wrong)")
        axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Software": None})


def _draw_diagram(axes: Axes, bins: Sequence[Sequence[ReliabilityBin]]) -> None:
    """Draw the bins before and after: frequency over mean probability, a marker's area by its number of voxels."""
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle=":", linewidth=1, label="as often as said")
    for these, colour, title in zip(bins, (_BEFORE, _AFTER), ("before", "calibrated"), strict=True):
        voxels = sum(each.voxels for each in these) or 1
        said, found = [each.mean_probability for each in these], [each.frequency for each in these]
        axes.plot(said, found, color=colour, linewidth=1.2, label=title)
        axes.scatter(said, found, s=[10 + 120 * each.voxels / voxels for each in these], color=colour, alpha=0.7)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.03, 1.03)
    axes.set_aspect("equal")
    _label(axes, "probability", "frequency")


def _draw_curve(axes: Axes, measures: CalibrationMeasures, title: str, colour: str) -> None:
    points = measures.risk_coverage
    area = "undefined" if measures.aurc is None else f"{measures.aurc:.2g}"
    label = f"{title}: area {area}"
    axes.plot([coverage for coverage, _ in points], [risk for _, risk in points], color=colour, label=label)


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)
    axes.tick_params(labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def _text(value: MaybeNumber) -> str:
    return "undefined" if value is None else f"{value:.3f}"
