"""Label map of any program with the names of its labels, on the series that it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hnseg.dicom.series.alignment import aligned
from hnseg.dicom.series.folder import read_series
from hnseg.dicom.series.series import Series
from hnseg.dicom.structure_set.names import names_to_write, read_names
from hnseg.errors import InputError
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import LabelArray


@dataclass(frozen=True)
class NamedLabels:
    """Labels that are written, on their series.

    Attributes:
        array: Labels, (z, y, x), on the series' grid; also those that are left out.
        names: Names of all labels that were to be written.
        present: Those of them that the label map has.
        series: The series.
    """

    array: LabelArray
    names: Mapping[int, str]
    present: Mapping[int, str]
    series: Series

    @property
    def left_out(self) -> list[str]:
        """Sentences on the labels that the label map has no voxel of."""
        absent = sorted(set(self.names) - set(self.present))
        return [f"{self.names[label]} is left out: the label map has no voxel of {label}" for label in absent]


def read_named_labels(label_map: Path, names: Path, folder: Path, *, number: int | None) -> NamedLabels:
    """Read a label map, the names of its labels, and the series that it belongs to.

    Args:
        label_map: File of the label map.
        names: File of the names.
        folder: Folder of the series.
        number: Number of the series; None where there is one.

    Raises:
        InputError: A file can't be used, a label has no name, the label map does not lie on the series, or it has no
            voxel of those that are named.
    """
    known = read_names(names)
    taken = names_to_write(known, names)
    series = read_series(folder, number=number)
    image = read_volume(label_map, title="label map", labels={label: str(name) for label, name in known.items()})
    array = aligned(image, series.grid, label_map)
    present = {label: name for label, name in taken.items() if (array == label).any()}
    if not present:
        raise InputError(
            f"There must be a structure to write, but {label_map} has no voxel of those that {names} names."
        )
    return NamedLabels(array, taken, present, series)
