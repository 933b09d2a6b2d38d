"""`hnseg rtstruct write`: a label map as contours on the slices of a DICOM series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.records import with_records
from hnseg.cli.rtstruct.series import SeriesNumber, needs_pydicom
from hnseg.drawing.colours import colours_of
from hnseg.errors import InputError
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.imaging.files.reading import read_volume


@dataclass(frozen=True)
class OriginOptions:
    """Options that say what made the label map."""

    program: Annotated[str, typer.Option(metavar="NAME", help="The program that made the label map.")] = ""
    program_version: Annotated[str, typer.Option(metavar="VERSION", help="Its version.")] = ""
    model_sha256: Annotated[str, typer.Option(metavar="HEX", help="SHA-256 of the model that it used.")] = ""


EXAMPLES = ("hnseg rtstruct write labels.nii.gz --series ct --names names.json --output RS.dcm",)


@with_records
def write(
    label_map: Annotated[Path, typer.Argument(metavar="MAP", help="A label map, of any program.")],
    *,
    series: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the DICOM series: the one that it belongs to.")
    ],
    names: Annotated[Path, typer.Option(metavar="FILE", help='Names of the labels: {"1": "GTVp", "2": null}.')],
    output: Annotated[Path, typer.Option(metavar="FILE.dcm", help="Result: the structure set.")],
    series_number: SeriesNumber = None,
    made_by: OriginOptions,
) -> None:
    """Write a label map as a DICOM structure set (RTSTRUCT), for research only.

    The label map lies on the grid of the series; its axes may be turned and flipped, as converters do. Every label must
    have a name, after TG-263 at best, or null to be left out. Contours run along the edges of voxels, 0.05 voxels
    inside, holes joined by keyholes: the form that readers agree on.
    """
    needs_pydicom()
    from hnseg.dicom.origin import Origin
    from hnseg.dicom.series.alignment import aligned
    from hnseg.dicom.series.folder import read_series
    from hnseg.dicom.structure_set.names import LONGEST_OF_TG263, names_to_write, read_names
    from hnseg.dicom.structure_set.outlining import outlines_by_label
    from hnseg.dicom.structure_set.writing import Drawn, structure_set_of, write_structure_set

    origin = Origin(made_by.program, made_by.program_version, made_by.model_sha256)
    with output_files(Output("--output", output, suffixes=(".dcm",)), inputs=(label_map, names, series)) as files:
        known = read_names(names)
        taken = names_to_write(known, names)
        found = read_series(series, number=series_number)
        image = read_volume(label_map, title="label map", labels={label: str(name) for label, name in known.items()})
        outlines = outlines_by_label(aligned(image, found.grid, label_map), taken, found)
        colours = colours_of(taken)
        drawn = {label: Drawn(taken[label], colours[label], outlines[label]) for label in taken if outlines[label]}
        if not drawn:
            raise InputError(
                f"A structure set must have a structure, but {label_map} has no voxel of those that {names} names."
            )
        elements = structure_set_of(drawn, found, series, origin)
        files.write("--output", lambda path: write_structure_set(elements, path))
    typer.echo(f"{output}: {len(drawn)} structures, {sum(len(each.outlines) for each in drawn.values())} contours")
    for label in sorted(set(taken) - set(drawn)):
        typer.echo(f"{taken[label]} is left out: the label map has no voxel of {label}")
    for name in (name for name in taken.values() if len(name) > LONGEST_OF_TG263):
        typer.echo(f"{name} has over {LONGEST_OF_TG263} characters, and planning systems may cut it")
