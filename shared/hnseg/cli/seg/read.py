"""`hnseg seg read`: the segments of a DICOM segmentation as a label map on the grid of its series."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hnseg.cli.rtstruct.series import SeriesNumber, needs_pydicom
from hnseg.imaging.files.formats import WRITTEN
from hnseg.imaging.files.output_files import Output, output_files, write_image
from hnseg.imaging.geometry import image_of
from hnseg.printable import printable

EXAMPLES = ("hnseg seg read SEG.dcm --series ct --output labels.nii.gz",)


def read(
    segmentation: Annotated[Path, typer.Argument(metavar="SEG.dcm", help="A segmentation, of any program.")],
    series: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the DICOM series: the one that it is of.")],
    output: Annotated[Path, typer.Option(metavar="FILE", help="Result: the label map; .mha, .nii.gz, .nii or .nrrd.")],
    series_number: SeriesNumber = None,
) -> None:
    """Read a DICOM segmentation (SEG) into a label map on the grid of its series.

    Binary segments and label maps are read, each segment as the label of its number. Segments that share voxels, or lie
    off the voxels of the series, are refused.
    """
    needs_pydicom()
    from hnseg.dicom.segmentation.reading import label_map_of, names_of, read_segmentation, series_of
    from hnseg.dicom.series.folder import read_series

    with output_files(Output("--output", output, suffixes=WRITTEN), inputs=(segmentation, series)) as files:
        found = read_segmentation(segmentation)
        on = read_series(series, number=series_number, uids=series_of(found))
        label_map = label_map_of(found, on, segmentation)
        files.write("--output", lambda path: write_image(image_of(label_map, on.grid), path))
    for number, name in names_of(found).items():
        typer.echo(f"{number} {printable(name)}: {int((label_map == number).sum())} voxels")
