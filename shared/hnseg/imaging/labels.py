"""Values of a label map: those that it may hold, and others that it does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk


def unexpected_values(label_map: sitk.Image, labels: Mapping[int, str]) -> list[float]:
    """Return the values of a label map that are neither 0 nor a label, sorted; NaN may be among them.

    The voxels may have any scalar type: a label map kept as floating point passes when its values are whole.

    >>> label_map = sitk.GetImageFromArray(np.array([[[0, 1, 2, 7]]], np.uint8))
    >>> unexpected_values(label_map, {1: "GTVp", 2: "GTVn"})
    [7]
    """
    found: set[float] = set()
    for z_slice in sitk.GetArrayViewFromImage(label_map):  # slice by slice: sorting the volume would copy it
        found.update(np.unique(z_slice).tolist())
    return sorted(found - {0, *labels})


def in_words(labels: Mapping[int, str]) -> str:
    """Return the allowed values as a sentence names them.

    >>> in_words({2: "GTVn", 1: "GTVp"})
    '0, 1 (GTVp), 2 (GTVn)'
    """
    return ", ".join(["0", *(f"{value} ({name})" for value, name in sorted(labels.items()))])
