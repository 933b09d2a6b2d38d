"""Pictures of corrections by clicks: the curves of several ways, and a patient before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sarcomas import GTVP, SOFT_TISSUE_HU, Patient, outline

from hnseg.evaluation.clicks.record import Point, Simulation
from hnseg.evaluation.picture_file import write_picture
from hnseg.imaging.geometry import Grid, array_of, resample_image

REFERENCE, FOUND = "lime", "red"
POSITIVE, NEGATIVE = "yellow", "cyan"
COLUMNS = 3


def draw_curves(ways: Mapping[str, Sequence[Sequence[float]]], path: Path) -> None:
    """Write a panel for each way: the DSC of each patient over the clicks, and their median and mean."""
    figure = Figure(figsize=(3.6 * len(ways), 3.4), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (way, lines) in zip(figure.subplots(1, len(ways), sharey=True), ways.items(), strict=True):
        for line in lines:
            axes.plot(line, color="#b0b0b0", linewidth=0.8)
        axes.plot(np.median(lines, axis=0), color="#0072b2", linewidth=2, label="median")
        axes.plot(np.mean(lines, axis=0), color="#d55e00", linewidth=2, label="mean")
        axes.set(title=way, xlabel="clicks", ylim=(0, 1))
        axes.grid(color="#e8e8e8")
    figure.axes[0].set_ylabel(f"DSC of {len(next(iter(ways.values())))} patients")
    figure.axes[0].legend(loc="lower right", frameon=False)
    write_picture(figure, path)


def draw_patient(patient: Patient, folder: Path, record: Simulation, path: Path) -> None:
    """Write slices before all clicks and after them, on CT and PET: those in which most changed.

    Args:
        patient: Patient.
        folder: Folder with the label maps that `hnseg simulate-clicks` wrote.
        record: Clicks, and the measures after each.
        path: File to write.
    """
    steps = (0, len(record.points))
    maps = [array_of(sitk.ReadImage(str(folder / f"label_map_{step}.nii.gz"))) == GTVP for step in steps]
    grid = Grid.of(patient.ct)
    ct, suv = array_of(patient.ct), array_of(resample_image(patient.pet, grid))
    reference = array_of(patient.reference) == GTVP
    figure = Figure(figsize=(3.3 * COLUMNS, 9.4), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    for column, z in zip(figure.subplots(3, COLUMNS).T, slices_of_change(*maps, reference), strict=True):
        before, after, on_pet = column
        for axes, found in ((before, maps[0]), (after, maps[1]), (on_pet, maps[1])):
            if axes is on_pet:
                axes.imshow(suv[z], cmap="gray_r", vmin=0, vmax=suv[reference].max())
            else:
                axes.imshow(ct[z], cmap="gray", vmin=SOFT_TISSUE_HU[0], vmax=SOFT_TISSUE_HU[1])
            outline(axes, {REFERENCE: reference[z], FOUND: found[z]})
        mark_clicks(after, record.points, grid, z, record.user.radius_mm)
        before.set_title(f"slice {z + 1} of {len(ct)}", fontsize=9)
    dsc = [record.steps[step].structures["GTVp"]["dsc"] or 0.0 for step in steps]
    figure.suptitle(
        f"{patient.name}: GTV green, found red; before (DSC {dsc[0]:.2f}), after {steps[1]} clicks (DSC {dsc[1]:.2f}),"
        " the same on PET\nclicks: inside yellow, outside cyan",
        fontsize=10,
    )
    write_picture(figure, path)


def slices_of_change(before: np.ndarray, after: np.ndarray, reference: np.ndarray) -> list[int]:
    """Return the slice of most change in each third of those with a tumour, from the lowest."""
    inside = np.flatnonzero((before | after | reference).any(axis=(1, 2)))
    changes = (before != after).sum(axis=(1, 2))
    return [int(part[np.argmax(changes[part])]) for part in np.array_split(inside, COLUMNS)]


def mark_clicks(axes: Axes, points: Sequence[Point], grid: Grid, z: int, radius_mm: float) -> None:
    """Mark the clicks whose balls meet a slice."""
    for point in points:
        x, y, at = grid.index_xyz(np.array([point.point]))[0]
        if abs(at - z) * grid.spacing_mm[2] <= radius_mm:
            axes.plot(x, y, "+", color=NEGATIVE if point.name.startswith("not ") else POSITIVE, markersize=9)
