"""Export of a run's outputs: structure set, segmentations and NIfTI files beside what the platform collects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import SimpleITK as sitk

from hnseg.dicom.exports.formats import Format
from hnseg.dicom.exports.fractions import Fraction, fractions_in
from hnseg.dicom.origin import WRITER, WRITER_VERSION, Origin
from hnseg.dicom.segmentation.writing import Segment, fraction_of, segmentation_of, write_segmentation
from hnseg.dicom.series.alignment import aligned
from hnseg.dicom.structure_set.outlining import outlines_by_label
from hnseg.dicom.structure_set.writing import Drawn, structure_set_of, write_structure_set
from hnseg.drawing.colours import colours_of
from hnseg.imaging.files.checksum import sha256_of_all
from hnseg.imaging.files.output_files import Output, OutputFiles, output_files, write_image
from hnseg.imaging.files.reading import read_scan, read_volume
from hnseg.imaging.geometry import FloatArray, Grid, LabelArray, array_of, resample_image
from hnseg.inference.labelling.uncertainty_files import folder_made
from hnseg.platform.spec import ChallengeSpec
from hnseg.platform.writing import FILE_NAME

if TYPE_CHECKING:
    from hnseg.dicom.series.series import Series

EXPORTS_FOLDER = "exports"
"""Folder of the exports, beside the outputs."""
STRUCTURE_SET, SEGMENTATION = "RTSTRUCT.dcm", "SEG.dcm"


@dataclass(frozen=True)
class OnSeries:
    """Series that the outputs lie on.

    Attributes:
        series: The series.
        folder: Its folder, for error sentences.
    """

    series: Series
    folder: Path


def origin_of(model_sha256: Mapping[str, str]) -> Origin:
    """Return the origin of a run's outputs, with one checksum for the files of its model.

    Args:
        model_sha256: Checksums of the model's files by their names. The one is that of the lines that `sha256sum`
            prints of these files in the order of their names.
    """
    return Origin(WRITER, WRITER_VERSION, sha256_of_all(model_sha256) if model_sha256 else "")


def export(
    spec: ChallengeSpec,
    output_dir: Path,
    formats: Sequence[Format],
    *,
    on: OnSeries | None,
    origin: Origin,
    uncertainty_dir: Path | None = None,
) -> list[Path]:
    """Write the outputs of a run in other formats, to the folder `exports` beside them: all files, or none.

    Args:
        spec: Description of the outputs.
        output_dir: Folder of the outputs, complete.
        formats: Formats to write.
        on: Series on whose slices structure set and segmentations lie; None where none of these is asked for.
        origin: What made the outputs.
        uncertainty_dir: Folder of the uncertainty; None where there is none.

    Returns:
        Files written. Of an empty label map there is no structure set and no binary segmentation, and a former run's
        are removed.

    Raises:
        InputError: The outputs do not lie on the series, or a file of it can't be read any more.
        OutputError: A file can't be written.
    """
    label_map = output_dir / spec.output.relative_path / FILE_NAME
    image = read_volume(label_map, title=spec.output.title, labels=spec.output.labels)
    fractions = fractions_in(spec, output_dir, uncertainty_dir)
    folder = output_dir / EXPORTS_FOLDER
    names = names_of(spec, formats, fractions)
    with folder_made(folder, "The exports"), output_files(*(Output(name, folder / name) for name in names)) as files:
        if Format.NIFTI in formats:
            _write_nifti(files, spec, image, fractions)
        if on is not None:
            labels = aligned(image, on.series.grid, label_map)
            _write_on_series(files, spec, labels, formats, on, origin)
            _write_fractions(files, fractions if Format.SEG in formats else [], on, origin)
        written = [name for name in names if (files.folder_of(name) / name).is_file()]
    for former in {STRUCTURE_SET, SEGMENTATION} - set(written):
        (folder / former).unlink(missing_ok=True)  # of another run, perhaps of another patient
    return [folder / name for name in written]


def names_of(spec: ChallengeSpec, formats: Sequence[Format], fractions: Sequence[Fraction] = ()) -> list[str]:
    """Return the names of the files of a run that has structures.

    Args:
        spec: Description of the outputs.
        formats: Formats to write.
        fractions: Maps that are written as fractions.
    """
    names = {
        Format.RTSTRUCT: [STRUCTURE_SET],
        Format.SEG: [SEGMENTATION, *(_file_of(fraction) for fraction in fractions)],
        Format.NIFTI: [f"{name}.nii.gz" for name in (spec.output.slug, *(fraction.name for fraction in fractions))],
    }
    return [name for each in formats for name in names[each]]


def _file_of(fraction: Fraction) -> str:
    return f"SEG-{fraction.name}.dcm"


def _write_nifti(files: OutputFiles, spec: ChallengeSpec, image: sitk.Image, fractions: Sequence[Fraction]) -> None:
    files.write(f"{spec.output.slug}.nii.gz", partial(write_image, image))
    for fraction in fractions:
        values = read_scan(fraction.path, title=fraction.title)
        files.write(f"{fraction.name}.nii.gz", partial(write_image, values))


def _write_on_series(
    files: OutputFiles,
    spec: ChallengeSpec,
    labels: LabelArray,
    formats: Sequence[Format],
    on: OnSeries,
    origin: Origin,
) -> None:
    """Write the structures that the label map has as a structure set and as binary segments."""
    colours = colours_of(spec.output.labels)
    names = {label: name for label, name in spec.output.labels.items() if (labels == label).any()}
    if Format.RTSTRUCT in formats and names:
        outlines = outlines_by_label(labels, names, on.series)
        drawn = {label: Drawn(name, colours[label], outlines[label]) for label, name in names.items()}
        structure_set = structure_set_of(drawn, on.series, on.folder, origin)
        files.write(STRUCTURE_SET, partial(write_structure_set, structure_set))
    if Format.SEG in formats and names:
        segments = {label: Segment.named(name, colours[label]) for label, name in names.items()}
        segmentation = segmentation_of(labels, segments, on.series, on.folder, origin)
        files.write(SEGMENTATION, partial(write_segmentation, segmentation))


def _write_fractions(files: OutputFiles, fractions: Sequence[Fraction], on: OnSeries, origin: Origin) -> None:
    for fraction in fractions:
        values = _on_grid(read_scan(fraction.path, title=fraction.title), on.series.grid)
        segment = Segment(fraction.title, "#e69f00", fraction.codes)
        share = values / np.float32(fraction.most)
        elements = fraction_of(share, segment, on.series, on.folder, origin)
        files.write(_file_of(fraction), partial(write_segmentation, elements))


def _on_grid(image: sitk.Image, grid: Grid) -> FloatArray:
    """Return a map's voxels on a series' grid: interpolated where it lies on another, as an uncertainty may."""
    on_grid = image if Grid.of(image).is_close_to(grid) else resample_image(image, grid)
    return array_of(on_grid).astype(np.float32)
