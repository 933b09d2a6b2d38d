"""Comparison of one structure in two label maps by the measures of HN-UISeg and of autoPET.

Dice; surface Dice at 2 mm (NSD) and the Hausdorff distance, both with the surface elements of google-deepmind's
surface-distance; and the volumes of what is wholly invented or wholly missed. HN-UISeg's authors define the surface by
voxels, so their NSD differs a little.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from hnseg.evaluation.measures.lesions import untouched_ml
from hnseg.evaluation.measures.overlap import overlap_of
from hnseg.evaluation.measures.surface import hd_mm, surface_dice, surface_of
from hnseg.evaluation.report import Metrics
from hnseg.imaging.components import Connectivity
from hnseg.imaging.geometry import Grid, LabelArray

NSD_TOLERANCE_MM = 2.0
"""Distance of two surfaces that still counts as agreement."""
_AUTOPET_CONNECTIVITY: Connectivity = 18


def compare_structure(prediction: LabelArray, reference: LabelArray, label: int, grid: Grid) -> Metrics:
    """Return the measures of one structure.

    Args:
        prediction: Label map, (z, y, x).
        reference: True label map on the same grid, (z, y, x).
        label: Value of the structure in both.
        grid: Grid of both.

    Returns:
        `dsc` and `nsd`, NaN where the structure is in neither and 0 where it is in one alone; `hd_mm`, NaN where it is
        in neither and infinite where it is in one alone; `false_positive_ml`, the volume of the prediction's components
        that touch no voxel of the reference, and `false_negative_ml`, that of the reference's components that touch no
        voxel of the prediction.
    """
    found, wanted = prediction == label, reference == label
    boxes = ndimage.find_objects((found | wanted).view(np.uint8))
    if not boxes:
        undefined = float("nan")
        volumes = {"false_positive_ml": 0.0, "false_negative_ml": 0.0}
        return {"dsc": undefined, "nsd": undefined, "hd_mm": undefined, **volumes}
    found, wanted = found[boxes[0]], wanted[boxes[0]]
    surfaces = [surface_of(mask, spacing_zyx_mm=grid.spacing_zyx_mm) for mask in (found, wanted)]
    volume_mm3 = grid.voxel_volume_mm3
    overlap = overlap_of(found, wanted, label=True, voxel_volume_mm3=volume_mm3)
    return {
        "dsc": overlap.dice,
        "nsd": surface_dice(*surfaces, tolerance_mm=NSD_TOLERANCE_MM),
        "hd_mm": hd_mm(*surfaces),
        "false_positive_ml": untouched_ml(found, wanted, volume_mm3, connectivity=_AUTOPET_CONNECTIVITY),
        "false_negative_ml": untouched_ml(wanted, found, volume_mm3, connectivity=_AUTOPET_CONNECTIVITY),
    }


def is_in_reference(values: Metrics) -> bool:
    """Return whether a structure with these measures is in the reference: part of it is found, or all of it missed."""
    return any((values[each] or 0) > 0 for each in ("dsc", "false_negative_ml"))  # NaN is not
