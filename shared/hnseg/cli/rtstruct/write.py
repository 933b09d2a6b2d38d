"""`hnseg rtstruct write`: a label map as contours on the slices of a DICOM series."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.options.records import with_records
from hnseg.cli.rtstruct.series import SeriesNumber, needs_pydicom
from hnseg.drawing.colours import colours_of
from hnseg.imaging.files.output_files import Output, output_files


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
    from hnseg.cli.rtstruct.named_labels import read_named_labels
    from hnseg.dicom.origin import Origin
    from hnseg.dicom.structure_set.names import LONGEST_OF_TG263
    from hnseg.dicom.structure_set.outlining import outlines_by_label
    from hnseg.dicom.structure_set.writing import Drawn, structure_set_of, write_structure_set

    origin = Origin(made_by.program, made_by.program_version, made_by.model_sha256)
    with output_files(Output("--output", output, suffixes=(".dcm",)), inputs=(label_map, names, series)) as files:
        labels = read_named_labels(label_map, names, series, number=series_number)
        outlines = outlines_by_label(labels.array, labels.present, labels.series)
        colours = colours_of(labels.names)
        drawn = {label: Drawn(name, colours[label], outlines[label]) for label, name in labels.present.items()}
        elements = structure_set_of(drawn, labels.series, series, origin)
        files.write("--output", lambda path: write_structure_set(elements, path))
    typer.echo(f"{output}: {len(drawn)} structures, {sum(len(each.outlines) for each in drawn.values())} contours")
    for sentence in labels.left_out:
        typer.echo(sentence)
    for name in (name for name in labels.names.values() if len(name) > LONGEST_OF_TG263):
        typer.echo(f"{name} has over {LONGEST_OF_TG263} characters, and planning systems may cut it")
