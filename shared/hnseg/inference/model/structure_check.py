"""Check of a label map's structures against what the training data looked like: size, pieces, side, position, body.

It says what to look at, and changes nothing. What is known of the training data stands in the bundle since its export;
a model that tells nothing is not checked. A structure without a flag may be wrong all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import SimpleITK as sitk

from hnseg.errors import MemoryShortError
from hnseg.imaging.geometry import Grid, resample_image
from hnseg.imaging.structures import StructureMeasures, measure_structures
from hnseg.inference.model.structure_range import StructureRange
from hnseg.machine import is_exhausted
from hnseg.provenance import Provenance
from hnseg.records import Frozen, Text

logger = logging.getLogger(__name__)

MANY_COMPONENTS = 10
"""Number of pieces above which a structure is flagged of which nothing is known from training data."""

_TIME_S, _TIME_S_PER_VOXEL = 2.0, 1e-7  # that must be left; 0.1e-7 s a voxel were measured

_MEASURES, _FLAGS = "structures", "structure_flags"  # keys of the provenance


class StructureFlag(Frozen):
    """Reason to look at a structure of a label map."""

    kind: Literal["empty", "volume", "components", "outside", "side", "position", "border"]
    structure: Text = ""
    """Name of the structure; empty for the whole label map."""
    sentence: Text


def check_structures(
    structures: Mapping[str, StructureMeasures], expected: Mapping[str, StructureRange]
) -> tuple[StructureFlag, ...]:
    """Return the flags of a label map's structures, in their order.

    Args:
        structures: Measures of each structure, by name; none of no label map.
        expected: Ranges of the structures in the training data, by name; a structure without one has other limits.
    """
    if structures and not any(measures.components for measures in structures.values()):
        return (StructureFlag(kind="empty", sentence="Nothing was segmented."),)
    return tuple(
        flag for name, measures in structures.items() for flag in _of_structure(name, measures, expected.get(name))
    )


@dataclass(frozen=True)
class Scan:
    """Scan of a label map, and what the networks saw of it: on such parts the training data were measured.

    Attributes:
        image: Whole scan.
        seen: Grid of the part, on the scan's lattice.
    """

    image: sitk.Image
    seen: Grid

    def part(self) -> sitk.Image:
        """Return the part that the networks saw; where it goes beyond the scan, with the scan's least value."""
        if Grid.of(self.image).matches(self.seen):
            return self.image
        least = float(sitk.GetArrayViewFromImage(self.image).min())
        return resample_image(self.image, self.seen, outside=least)


def has_time(label_map: sitk.Image, remaining_s: float) -> bool:
    """Return whether a label map can be checked in the time that is left to its case.

    Args:
        label_map: Label map, whose size alone counts.
        remaining_s: Seconds until the case must have ended; infinite for no limit.

    >>> has_time(sitk.Image(100, 100, 100, sitk.sitkUInt8), remaining_s=3)
    True
    """
    return remaining_s > _TIME_S + _TIME_S_PER_VOXEL * float(np.prod(label_map.GetSize(), dtype=float))


def check_and_record(
    label_map: sitk.Image,
    labels: Mapping[int, str],
    scan: Callable[[], sitk.Image],
    *,
    expected: Mapping[str, StructureRange],
    remaining_s: float,
    provenance: Provenance,
) -> None:
    """Check a label map that is finished, log each flag, and record flags and measures in the provenance.

    The provenance gets `structures`, `StructureMeasures` by name, and `structure_flags`, a list of `StructureFlag`;
    neither where nothing is known of the training data or memory is short, which the log says, or time is.

    Args:
        label_map: Label map, which stays as it is.
        labels: Name of each structure by its label.
        scan: Function that returns the image that shows the body, in the same frame of reference.
        expected: Ranges of the structures in the training data, by name.
        remaining_s: Seconds until the case must have ended; infinite for no limit.
        provenance: Record of the case.
    """
    if not expected:
        logger.info("structures are not compared with the training data, of which this model tells nothing")
        return
    if not has_time(label_map, remaining_s):
        return
    try:
        with provenance.step("check"):
            measures = measure_structures(label_map, labels, scan=scan())
    except (MemoryError, MemoryShortError, RuntimeError) as error:
        if not (isinstance(error, MemoryShortError) or is_exhausted(error)):
            raise
        logger.warning("Structures were not compared with the training data: there was not enough memory.")
        return
    flags = check_structures(measures, expected)
    for flag in flags:
        logger.info("flag: %s", flag.sentence)
    provenance.record(
        **{
            _MEASURES: {name: each.model_dump(mode="json") for name, each in measures.items()},
            _FLAGS: [flag.model_dump() for flag in flags],
        }
    )


def measures_in(provenance: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the measures of a case's structures that its provenance records, by name; none where it has none."""
    return (provenance or {}).get(_MEASURES) or {}


def _of_structure(name: str, measures: StructureMeasures, expected: StructureRange | None) -> Iterator[StructureFlag]:
    if expected is not None:
        for departure in expected.departures(name, measures):
            yield StructureFlag(kind=departure.kind, structure=name, sentence=departure.sentence)
    elif measures.components > MANY_COMPONENTS:
        yield StructureFlag(kind="components", structure=name, sentence=f"{name} is in {measures.components} pieces.")
    if measures.touches_border and not (expected and expected.may_touch_border):
        reason = f"{name} touches the border of the image: is it cut off?"
        yield StructureFlag(kind="border", structure=name, sentence=reason)
