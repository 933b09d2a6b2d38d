"""Picture of a prescription: the cumulative dose-volume curve of its target."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hnseg.evaluation.picture_file import LINE_COLOURS, check_format, tidy_axes, write_picture
from hnseg.imaging.geometry import FloatArray

_POINTS = 400  # of the curve; more are not seen


@style.context("default")  # nnU-Net's training changes the style of its process
def draw_dose_volume(doses_gy: FloatArray, path: Path, *, voxel_cc: float) -> None:
    """Write the picture: the volume that receives a dose or more, over the dose.

    Args:
        doses_gy: Doses of the target's voxels in Gy, any order, at least one.
        path: File to write, .png or .svg; the same doses give the same bytes.
        voxel_cc: Volume of one voxel in cc.

    Raises:
        InputError: The suffix of the path is no known format.
        OSError: The file can't be written.
    """
    check_format(path)
    figure = Figure(figsize=(5, 3.4), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    doses, volumes = curve_of(doses_gy, voxel_cc=voxel_cc)
    axes.step(doses, volumes, where="pre", color=LINE_COLOURS[0])
    axes.set_xlabel("prescribed dose (Gy)", fontsize=9)
    axes.set_ylabel("receives it or more (cc)", fontsize=9)
    axes.set_title(f"Target of {doses_gy.size * voxel_cc:.1f} cc, research only", fontsize=9)
    axes.set_ylim(bottom=0)
    tidy_axes(axes)
    write_picture(figure, path)


def curve_of(doses_gy: FloatArray, *, voxel_cc: float) -> tuple[FloatArray, FloatArray]:
    """Return the steps of the curve: doses in Gy, ascending, and the volume in cc that receives each of them or more.

    Args:
        doses_gy: Doses of the target's voxels in Gy, any order, at least one.
        voxel_cc: Volume of one voxel in cc.

    >>> [each.tolist() for each in curve_of(np.array([70, 66, 70], np.float32), voxel_cc=2.0)]
    [[66.0, 70.0], [6.0, 4.0]]
    """
    ordered = np.sort(doses_gy)
    doses = np.unique(ordered)
    if doses.size > _POINTS:
        doses = np.linspace(doses[0], doses[-1], _POINTS, dtype=np.float32)
    voxels = ordered.size - np.searchsorted(ordered, doses, side="left")
    return doses, np.asarray(voxels * voxel_cc, np.float32)
