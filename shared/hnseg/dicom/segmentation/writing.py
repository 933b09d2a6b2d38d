"""Writing of segmentations: the Segmentation of DICOM (PS3.3, A.51) by highdicom, one file for a series.

A label map becomes binary segments, which every reader of segmentations knows, or a label map, which came into the
standard in 2024 and is smaller. A probability or an entropy becomes one fractional segment of 255 steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import highdicom as hd
import numpy as np
import numpy.typing as npt
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

from hnseg.dicom.elements import damage_as_header_error
from hnseg.dicom.origin import RESEARCH_USE, WRITER, WRITER_VERSION, Origin
from hnseg.dicom.segmentation.codes import SegmentCodes, codes_of
from hnseg.dicom.segmentation.source_images import source_images
from hnseg.errors import HeaderError, InputError
from hnseg.imaging.geometry import LabelArray

if TYPE_CHECKING:
    from hnseg.dicom.series.series import Series

Kind = Literal["BINARY", "LABELMAP"]
"""Types of the segmentation of a label map."""
STEPS = 255
"""Steps of a fraction from 0 to 1 in a fractional segment."""


_SYNTAXES = {"BINARY": ExplicitVRLittleEndian, "LABELMAP": RLELossless, "FRACTIONAL": RLELossless}  # bits can't be RLE


@dataclass(frozen=True)
class Segment:
    """Segment that is written.

    Attributes:
        name: Its name.
        colour: Its colour, #rrggbb.
        codes: What it is of.
    """

    name: str
    colour: str
    codes: SegmentCodes

    @classmethod
    def named(cls, name: str, colour: str) -> Segment:
        """Return the segment of a structure by its name."""
        return cls(name, colour, codes_of(name))


def segmentation_of(
    label_map: LabelArray,
    segments: Mapping[int, Segment],
    series: Series,
    folder: Path,
    origin: Origin,
    *,
    kind: Kind = "BINARY",
) -> hd.seg.Segmentation:
    """Return the segmentation of a label map; its segments have the numbers 1 and so on in the order of the labels.

    Args:
        label_map: Labels, (z, y, x), on the series' grid; those that are not in `segments` are left out.
        segments: Segments by label, at least one.
        series: Series that it is of.
        folder: Its folder, for error sentences.
        origin: What made the label map.
        kind: Binary segments, or a label map.

    Raises:
        InputError: A file of the series can't be read any more, or an element that patient or study have in common
            with the series is not what it must be.
    """
    numbers = np.zeros(256, np.uint8)
    for number, label in enumerate(sorted(segments), start=1):
        numbers[label] = number
    described = [segments[label] for label in sorted(segments)]
    words = "labels" if kind == "LABELMAP" else "structures"
    return _segmentation(numbers[label_map], described, series, folder, origin, kind, f"{WRITER}: {words}")


def fraction_of(
    fraction: npt.NDArray[np.float32], segment: Segment, series: Series, folder: Path, origin: Origin
) -> hd.seg.Segmentation:
    """Return the segmentation of a map of fractions, rounded to 1/255.

    Args:
        fraction: 0 to 1, (z, y, x), on the series' grid.
        segment: What it is a fraction of.
        series: Series that it is of.
        folder: Its folder, for error sentences.
        origin: What made the map.

    Raises:
        InputError: A file of the series can't be read any more, or an element that patient or study have in common
            with the series is not what it must be.
    """
    values = np.clip(fraction, 0.0, 1.0)[..., np.newaxis]
    return _segmentation(values, [segment], series, folder, origin, "FRACTIONAL", f"{WRITER}: {segment.name}")


def write_segmentation(elements: hd.seg.Segmentation, path: Path) -> None:
    """Write a segmentation.

    Raises:
        OSError: The file can't be written.
    """
    with damage_as_header_error():
        elements.save_as(path)


def _segmentation(  # noqa: PLR0913, PLR0917 (what a segmentation is of, and of what)
    values: npt.NDArray[Any],
    segments: Sequence[Segment],
    series: Series,
    folder: Path,
    origin: Origin,
    kind: str,
    description: str,
) -> hd.seg.Segmentation:
    described = [_description(number, segment, origin) for number, segment in enumerate(segments, start=1)]
    try:
        with damage_as_header_error():
            made = hd.seg.Segmentation(
                source_images=source_images(series, folder),
                pixel_array=values,
                segmentation_type=kind,
                segment_descriptions=described,
                series_instance_uid=generate_uid(),
                series_number=1,
                sop_instance_uid=generate_uid(),
                instance_number=1,
                manufacturer=WRITER,
                manufacturer_model_name=WRITER,
                software_versions=WRITER_VERSION,
                device_serial_number="none",
                max_fractional_value=STEPS,
                content_label="SEGMENTATION",
                content_description=f"{origin.in_words}. {RESEARCH_USE}"[:64],
                transfer_syntax_uid=_SYNTAXES[kind],
            )
            made.SeriesDescription = f"{description}, research use only"[:64]
    except HeaderError:  # its cause, which is left out, quotes the value
        raise InputError(
            f"Patient and study of the series in {folder} must be as DICOM has them, for a segmentation to repeat them,"
            " but an element, such as PatientSex, a date or a time, has another form. Was it anonymised by other words?"
        ) from None
    return made


def _description(number: int, segment: Segment, origin: Origin) -> hd.seg.SegmentDescription:
    side = segment.codes.side
    made = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment.name,
        segmented_property_category=segment.codes.category,
        segmented_property_type=segment.codes.kind,
        algorithm_type="AUTOMATIC",
        algorithm_identification=_algorithm(origin),
        tracking_uid=generate_uid(),
        tracking_id=segment.name,
        display_color=hd.color.CIELabColor.from_rgb(*(int(segment.colour[at : at + 2], 16) for at in (1, 3, 5))),
    )
    if side is not None:
        kind = made.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [hd.sr.CodedConcept.from_code(side)]
    return made


def _algorithm(origin: Origin) -> hd.AlgorithmIdentificationSequence:
    return hd.AlgorithmIdentificationSequence(
        name=origin.program or "unknown",
        version=origin.version or "unknown",
        family=Code("123110", "DCM", "Artificial Intelligence"),
        parameters={"model sha256": origin.model_sha256.lower()} if origin.model_sha256 else None,
    )
