"""File of a picture: the formats that are known, bytes that are the same for the same figure, and colours of lines."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hnseg.errors import InputError

FORMATS = (".png", ".svg")
"""Suffixes of a picture's file."""

LINE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Colours of lines by Okabe and Ito, told apart with any kind of colour vision and on white."""


def check_format(path: Path) -> None:
    """Check that the suffix of a picture's path is a known format.

    Raises:
        InputError: The suffix is neither .png nor .svg.
    """
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"A plot's file must end in {' or '.join(FORMATS)}, found {path.name!r}.")


def write_picture(figure: Figure, path: Path) -> None:
    """Write a figure; the same figure gives the same bytes.

    Args:
        figure: Figure, drawn.
        path: File to write, .png or .svg.

    Raises:
        OSError: The file can't be written; what there is of it stays.
    """
    # Without these an SVG would differ from run to run, and its text could not be searched.
    metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
    with mpl.rc_context({"svg.hashsalt": "hnseg", "svg.fonttype": "none"}):
        figure.savefig(path, metadata=metadata)


def tidy_axes(axes: Axes) -> None:
    """Draw a light grid behind the lines, and leave frame and ticks out."""
    axes.grid(color="#e8e8e8")
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)


def as_png(figure: Figure) -> bytes:
    """Return a figure as a PNG; the same figure gives the same bytes.

    Args:
        figure: Figure, drawn.
    """
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue()
