"""Values of a label map: those that it may hold, and others that it does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk

_ENOUGH = 100  # values that are no labels
_MOST_SEARCHED = 10_000  # voxels of a slice that are no labels


def unexpected_values(label_map: sitk.Image, labels: Mapping[int, str]) -> list[float]:
    """Return the values of a label map that are neither 0 nor a label, sorted; NaN may be among them.

    The voxels may have any scalar type: a label map kept as floating point passes when its values are whole. Of an
    image that is no label map at all, only some of its values are returned: the search ends at the slice with the
    hundredth.

    Args:
        label_map: Image with one number a voxel.
        labels: Names of the values allowed beside 0, each from 1 to 255.

    >>> label_map = sitk.GetImageFromArray(np.array([[[0, 1, 2, 7]]], np.uint8))
    >>> unexpected_values(label_map, {1: "GTVp", 2: "GTVn"})
    [7]
    """
    is_allowed = np.zeros(256, bool)
    is_allowed[[0, *labels]] = True
    found: set[float] = set()
    for z_slice in sitk.GetArrayViewFromImage(label_map):  # slice by slice: a mask of the volume would be large
        with np.errstate(invalid="ignore"):  # of numbers that no uint8 holds, which then differ from it
            whole = z_slice.astype(np.uint8)
        wrong = z_slice[~((whole == z_slice) & is_allowed[whole])]
        found.update(np.unique(wrong[:_MOST_SEARCHED]).tolist())
        if len(found) >= _ENOUGH:
            break
    return sorted(found)


def in_words(labels: Mapping[int, str]) -> str:
    """Return the allowed values as a sentence names them.

    >>> in_words({2: "GTVn", 1: "GTVp"})
    '0, 1 (GTVp), 2 (GTVn)'
    """
    return ", ".join(["0", *(f"{value} ({name})" for value, name in sorted(labels.items()))])
