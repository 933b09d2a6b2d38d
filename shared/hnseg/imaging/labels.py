"""The values that a label map may hold."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import SimpleITK as sitk


def unexpected_values(label_map: sitk.Image, labels: Mapping[int, str]) -> list[float]:
    """Return the values of a label map that are neither 0 nor a label, sorted; NaN may be among them.

    Voxels of any scalar type, so that a label map kept as floating point passes when its values are whole.
    """
    found: set[float] = set()
    for z_slice in sitk.GetArrayViewFromImage(label_map):  # slice by slice: sorting the volume would copy it
        found.update(np.unique(z_slice).tolist())
    return sorted(found - {0, *labels})


def in_words(labels: Mapping[int, str]) -> str:
    """Return the allowed values as a sentence names them, such as "0, 1 (GTVp), 2 (GTVn)"."""
    return ", ".join(["0", *(f"{value} ({name})" for value, name in sorted(labels.items()))])
