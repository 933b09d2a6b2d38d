"""Unknown voxels of HaN-Seg: where an organ without a mask is expected, background is ignored and not learnt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from containers.han_seg.spec import LABELS
from hnseg.imaging.box import BoxMm
from hnseg.imaging.files.reading import read_volume
from hnseg.imaging.geometry import Grid, array_of, image_of
from hnseg_training.challenges.han_seg.patients import Converted
from hnseg_training.dataset.conversion.unfinished import Unfinished
from hnseg_training.dataset.expected_region import expected_region
from hnseg_training.dataset.raw_dataset import FILE_ENDING, ignore_label, write_file


def ignore_unknown_voxels(
    unfinished: Unfinished, patient: Converted, patients: Sequence[Converted]
) -> Mapping[str, int]:
    """Ignore background where a patient's organs without a mask are expected, from their places in the others.

    A label map in which voxels are ignored already, for other patients perhaps, is begun anew.

    Args:
        unfinished: Data set with the label map of the patient.
        patient: Patient.
        patients: All patients.

    Returns:
        Number of ignored voxels for each organ without a mask.
    """
    if not patient.organs_without_mask:
        return {}
    file = unfinished.work.raw / "labelsTr" / f"{patient.name}{FILE_ENDING}"
    image = read_volume(file, title="label map")
    labels, grid = array_of(image).copy(), Grid.of(image)
    was_ignored = labels == ignore_label(LABELS)
    labels[was_ignored] = 0
    others = [other.boxes for other in patients if other is not patient]
    ignored = {name: _ignore(labels, grid, name, patient, others) for name in patient.organs_without_mask}
    if was_ignored.any() or any(ignored.values()):
        with unfinished.making() as made:
            new = made.raw / "labelsTr" / file.name
            write_file(image_of(labels, grid), new)
            unfinished.replace(patient.name, file, new)
    return ignored


def _ignore(
    labels: np.ndarray, grid: Grid, name: str, patient: Converted, others: Sequence[Mapping[str, BoxMm]]
) -> int:
    """Ignore the background in the expected region of an organ, in place, and return the number of voxels."""
    region = expected_region(name, patient.boxes, others)
    if region is None:
        return 0
    unknown = region.mask_on(grid) & (labels == 0)
    labels[unknown] = ignore_label(LABELS)
    return int(unknown.sum())
