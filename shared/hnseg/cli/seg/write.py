"""`hnseg seg write`: a label map as a DICOM segmentation of a series."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from hnseg.cli.options.records import with_records
from hnseg.cli.rtstruct.series import SeriesNumber, needs_pydicom
from hnseg.cli.rtstruct.write import OriginOptions
from hnseg.drawing.colours import colours_of
from hnseg.imaging.files.output_files import Output, output_files

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
    from hnseg.cli.rtstruct.named_labels import read_named_labels
    from hnseg.dicom.origin import Origin
    from hnseg.dicom.segmentation.writing import Segment, segmentation_of, write_segmentation

    origin = Origin(made_by.program, made_by.program_version, made_by.model_sha256)
    with output_files(Output("--output", output, suffixes=(".dcm",)), inputs=(label_map, names, series)) as files:
        labels = read_named_labels(label_map, names, series, number=series_number)
        colours = colours_of(labels.names)
        segments = {label: Segment.named(name, colours[label]) for label, name in labels.present.items()}
        elements = segmentation_of(labels.array, segments, labels.series, series, origin, kind=form)
        files.write("--output", lambda path: write_segmentation(elements, path))
    typer.echo(f"{output}: {len(segments)} segments")
    for sentence in labels.left_out:
        typer.echo(sentence)
