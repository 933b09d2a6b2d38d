"""`hnseg seg write`: a label map as a DICOM segmentation of a series."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg.cli.options.records import with_records
from hnseg.cli.rtstruct.series import SeriesNumber, needs_pydicom
from hnseg.cli.rtstruct.write import OriginOptions
from hnseg.drawing.colours import colours_of
from hnseg.errors import InputError
from hnseg.imaging.files.output_files import Output, output_files
from hnseg.imaging.files.reading import read_volume

EXAMPLES = ("hnseg seg write labels.nii.gz --series ct --names names.json --output SEG.dcm",)


@with_records
def write(  # noqa: PLR0913 (one parameter an option)
    label_map: Annotated[Path, typer.Argument(metavar="MAP", help="A label map, of any program.")],
    *,
    series: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the DICOM series: the one that it belongs to.")
    ],
    names: Annotated[Path, typer.Option(metavar="FILE", help='Names of the labels: {"1": "GTVp", "2": null}.')],
    output: Annotated[Path, typer.Option(metavar="FILE.dcm", help="Result: the segmentation.")],
    form: Annotated[
        Literal["BINARY", "LABELMAP"],
        typer.Option(case_sensitive=False, help="A segment of bits for each structure, or one label map (DICOM 2024)."),
    ] = "BINARY",
    series_number: SeriesNumber = None,
    made_by: OriginOptions,
) -> None:
    """Write a label map as a DICOM segmentation (SEG), for research only.

    The label map lies on the grid of the series; its axes may be turned and flipped, as converters do. Every label must
    have a name, after TG-263 at best, or null to be left out.
    """
    needs_pydicom()
    from hnseg.dicom.origin import Origin
    from hnseg.dicom.segmentation.writing import Segment, segmentation_of, write_segmentation
    from hnseg.dicom.series.alignment import aligned
    from hnseg.dicom.series.folder import read_series
    from hnseg.dicom.structure_set.names import names_to_write, read_names

    origin = Origin(made_by.program, made_by.program_version, made_by.model_sha256)
    with output_files(Output("--output", output, suffixes=(".dcm",)), inputs=(label_map, names, series)) as files:
        known = read_names(names)
        taken = names_to_write(known, names)
        found = read_series(series, number=series_number)
        image = read_volume(label_map, title="label map", labels={label: str(name) for label, name in known.items()})
        labels = aligned(image, found.grid, label_map)
        present = {label: taken[label] for label in taken if (labels == label).any()}
        if not present:
            raise InputError(
                f"A segmentation must have a segment, but {label_map} has no voxel of those that {names} names."
            )
        colours = colours_of(taken)
        segments = {label: Segment.named(name, colours[label]) for label, name in present.items()}
        elements = segmentation_of(labels, segments, found, series, origin, kind=form)
        files.write("--output", lambda path: write_segmentation(elements, path))
    typer.echo(f"{output}: {len(segments)} segments")
    for label in sorted(set(taken) - set(present)):
        typer.echo(f"{taken[label]} is left out: the label map has no voxel of {label}")
