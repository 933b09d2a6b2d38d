"""Picture of the flows of grades: bands between the grades on the left and those on the right, as wide as cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from hnseg.errors import InputError
from hnseg.evaluation.picture_file import check_format, write_picture
from hnseg.robustness.grading.flows import Flow
from hnseg.robustness.grading.grades_csv import GRADES

# From unusable to fully acceptable; told apart with any kind of colour vision (Crameri's vik, five steps).
_COLOURS = dict(zip(GRADES, ("#8c2a04", "#d08b5c", "#c9c4bd", "#5f97b8", "#023f73"), strict=True))
Array = npt.NDArray[np.float64]

_WIDTH, _GAP = 0.06, 0.03  # of the bars, and the part of the height between two of them
_PANELS_A_ROW = 4


@style.context("default")  # nnU-Net's training changes the style of its process
def draw_flows(flows: Sequence[Flow], path: Path) -> None:
    """Write the picture: a panel for each flow.

    Args:
        flows: Flows to draw.
        path: File to write, .png or .svg; the same flows give the same bytes.

    Raises:
        InputError: There is no flow, or the suffix of the path is no known format.
        OSError: The file can't be written.
    """
    check_format(path)
    drawn = [flow for flow in flows if np.any(flow.counts)]
    if not drawn:
        raise InputError(
            "A picture of flows must have cases with two grades of a structure, but there is none."
            " Is there one observer only?"
        )
    columns = min(len(drawn), _PANELS_A_ROW)
    rows = -(-len(drawn) // columns)
    figure = Figure(figsize=(3.1 * columns, 3.3 * rows), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in panels:
        axes.set_axis_off()
    for axes, flow in zip(panels, drawn, strict=False):
        _draw_flow(axes, flow)
    handles = [Rectangle((0, 0), 1, 1, color=colour, label=str(grade)) for grade, colour in _COLOURS.items()]
    title = "Grade, 1 unusable to 5 fully acceptable; a band has the colour of its grade on the left"
    figure.legend(
        handles=handles, title=title, loc="outside lower center", ncols=5, frameon=False, fontsize=9, title_fontsize=9
    )
    write_picture(figure, path)


def _draw_flow(axes: Axes, flow: Flow) -> None:
    counts = np.array(flow.counts, np.float64) / np.sum(flow.counts)
    left, right = _starts(counts.sum(axis=1)), _starts(counts.sum(axis=0))
    for side, starts, sums in ((0.0, left, np.sum(flow.counts, axis=1)), (1.0, right, np.sum(flow.counts, axis=0))):
        _draw_bars(axes, side, starts, sums)
    for row, one in enumerate(GRADES):
        for column in range(len(GRADES)):
            height = counts[row, column]
            if height:
                axes.add_patch(_band(left[row], right[column], height, _COLOURS[one]))
                left[row] += height
                right[column] += height
    axes.set_xlim(-0.16, 1.16)
    axes.set_ylim(-0.02, 1 + 4 * _GAP + 0.02)
    axes.set_title(f"{flow.structure}, {flow.of}, {int(np.sum(flow.counts))} cases", fontsize=10)
    axes.text(0, -0.03, flow.one, ha="center", va="top", fontsize=9)
    axes.text(1, -0.03, flow.other, ha="center", va="top", fontsize=9)


def _starts(shares: Array) -> Array:
    """Return the lower end of each grade's bar, grade 1 at the bottom."""
    starts: Array = np.concatenate([[0.0], np.cumsum(shares)[:-1]]) + _GAP * np.arange(len(shares))
    return starts


def _draw_bars(
    axes: Axes,
    x: float,
    starts: Array,
    sums: npt.NDArray[np.int_],
) -> None:
    for grade, start, count in zip(GRADES, starts, sums, strict=True):
        if count:
            height = count / sums.sum()
            axes.add_patch(Rectangle((x - _WIDTH / 2, start), _WIDTH, height, color=_COLOURS[grade]))
            outside = x + (0.06 if x else -0.06)
            words = f"{grade}: {count}"
            axes.text(outside, start + height / 2, words, ha="left" if x else "right", va="center", fontsize=8)


def _band(left: float, right: float, height: float, colour: str) -> PathPatch:
    """Return a band between two bars, whose edges are cubic curves that leave both at right angles."""
    near, far, middle = _WIDTH / 2, 1 - _WIDTH / 2, 0.5
    points = [
        (near, left), (middle, left), (middle, right), (far, right),
        (far, right + height), (middle, right + height), (middle, left + height), (near, left + height), (near, left),
    ]  # fmt: skip
    curve = [Outline.CURVE4] * 3
    codes = [Outline.MOVETO, *curve, Outline.LINETO, *curve, Outline.CLOSEPOLY]
    return PathPatch(Outline(points, codes), facecolor=colour, edgecolor="none", alpha=0.45)
