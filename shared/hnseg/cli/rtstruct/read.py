"""`hnseg rtstruct read`: the contours of a DICOM structure set as a label map on the grid of its series."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hnseg.cli.rtstruct.series import SeriesNumber, needs_pydicom
from hnseg.errors import InputError
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, output_files, write_image
from hnseg.imaging.geometry import image_of
from hnseg.printable import printable

if TYPE_CHECKING:
    from hnseg.dicom.structure_set.structures import Structure, StructureSet

_MOST_LABELS = 255


class Overlap(str, Enum):
    """Treatment of voxels that belong to two structures."""

    REFUSE = "refuse"
    LATER = "later"


EXAMPLES = ("hnseg rtstruct read RS.dcm --series ct --output labels.nii.gz",)


def read(
    structure_set: Annotated[Path, typer.Argument(metavar="RS.dcm", help="A structure set, of any program.")],
    series: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the DICOM series: the one that it was drawn on.")
    ],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Result: the label map; .mha, .nii.gz, .nii or .nrrd.")],
    names: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help='Names of the labels: structures by name or number, {"1": "GTVp", "2": 7}; if left out, all of them.',
        ),
    ] = None,
    overlap: Annotated[
        Overlap, typer.Option(help="Voxels of two structures: refused, or given to the higher label.")
    ] = Overlap.REFUSE,
    series_number: SeriesNumber = None,
) -> None:
    """Read a DICOM structure set (RTSTRUCT) into a label map on the grid of its series.

    A voxel belongs to a structure where its centre lies inside a contour or on it. Contours inside others are holes,
    those in holes islands; keyholes and contours that are combined by exclusive or are understood. Where the folder
    holds several series, the one that the structure set refers to is taken.
    """
    needs_pydicom()
    from hnseg.dicom.series.folder import read_series
    from hnseg.dicom.structure_set.painting import paint
    from hnseg.dicom.structure_set.reading import read_structure_set

    inputs = (structure_set, series, *([names] if names else []))
    with output_files(Output("--output", output, suffixes=WRITTEN), inputs=inputs) as files:
        found = read_structure_set(structure_set)
        wanted = _wanted(found, names, structure_set)
        on = read_series(series, number=series_number, uids=found.series_uids)
        painted = paint(wanted, on, structure_set, later_wins=overlap is Overlap.LATER)
        files.write("--output", lambda path: write_image(image_of(painted.label_map, on.grid), path))
    for label, structure in sorted(wanted.items()):
        typer.echo(f"{label} {printable(structure.name)}: {painted.voxels[label]} voxels")
    for structure in found.structures:
        if not structure.is_drawn:
            typer.echo(f"{printable(structure.name)} is left out: it has no contour that encloses something")


def _wanted(found: StructureSet, names: Path | None, path: Path) -> dict[int, Structure]:
    """Return the structures to read, by label."""
    from hnseg.dicom.structure_set.names import read_names, structure_of

    if names is not None:
        asked = {label: name for label, name in read_names(names).items() if name is not None}
        return {label: structure_of(name, found.structures, path) for label, name in asked.items()}
    drawn = [structure for structure in found.structures if structure.is_drawn]
    if not 1 <= len(drawn) <= _MOST_LABELS:
        raise InputError(
            f"A label map can hold 1 to {_MOST_LABELS} structures, but {path} has {len(drawn)} with contours."
            " Name those that are wanted by --names."
        )
    return dict(enumerate(drawn, start=1))
