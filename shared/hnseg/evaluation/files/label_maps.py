"""Checks of two label maps before they are compared: their labels, spacings and grids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.errors import InputError
from hnseg.evaluation.files.pairs import Pair
from hnseg.imaging.geometry import Grid, LabelArray, array_of
from hnseg.imaging.labels import unexpected_values

_SHOWN = 8


def labels_of(image: sitk.Image, labels: Mapping[str, int], *, name: str) -> LabelArray:
    """Return the voxels of a label map.

    Args:
        image: Label map of any scalar type with whole values.
        labels: Values besides 0 that it may hold, by structure; 255 at most.
        name: Name of the label map in an error sentence.

    Returns:
        Labels, uint8 (z, y, x).

    Raises:
        InputError: The label map holds another value.

    >>> image = sitk.GetImageFromArray(np.array([[[0.0, 2.0]]]))
    >>> labels_of(image, {"GTVp": 1, "GTVn": 2}, name="prediction")
    array([[[0, 2]]], dtype=uint8)
    """
    strange = unexpected_values(image, {label: structure for structure, label in labels.items()})
    if strange:
        raise _other_labels(name, labels, np.unique(np.array(strange, np.float64)))
    return array_of(image).astype(np.uint8, copy=False)


def cast_labels(image: sitk.Image, labels: Mapping[str, int], *, name: str) -> tuple[sitk.Image, str]:
    """Return a label map cast to uint8, as the scripts of HECKTOR 2022 and HNTS-MRG do.

    Fractions are cut off, and integers wrap around at 256.

    Args:
        image: Label map of any scalar type.
        labels: Values besides 0 that it may hold after the cast, by structure.
        name: Name of the label map in an error sentence or a note.

    Returns:
        The label map, and a note where the cast changed its values, or else the empty text.

    Raises:
        InputError: After the cast it holds other values than 0 and `labels`, or a value has no cast.

    >>> image = sitk.GetImageFromArray(np.array([[[0, 257]]], np.int16))
    >>> cast_labels(image, {"GTVp": 1}, name="prediction")[1]
    'The prediction was cast to uint8, which changed its values 0, 257 to 0, 1.'
    """
    values = np.unique(sitk.GetArrayViewFromImage(image))
    # A float outside the range has no defined cast, and NaN fails both comparisons.
    has_cast = values.dtype.kind != "f" or bool(((values > -1) & (values < 256)).all())
    label_map: sitk.Image = sitk.Cast(image, sitk.sitkUInt8)
    found = np.unique(sitk.GetArrayViewFromImage(label_map))
    if not has_cast or not set(found.tolist()) <= {0, *labels.values()}:
        raise _other_labels(name, labels, values)
    if np.array_equal(values, found):
        return label_map, ""
    return label_map, f"The {name} was cast to uint8, which changed its values {_listed(values)} to {_listed(found)}."


def check_spacing(pair: Pair, *, atol: float) -> None:
    """Check that a prediction has its reference's spacing.

    Args:
        pair: Label maps of the case.
        atol: Absolute tolerance in mm; as numpy.allclose does, 1e-5 of the spacing is added.

    Raises:
        InputError: The spacings differ.
    """
    found, wanted = pair.prediction.GetSpacing(), pair.reference.GetSpacing()
    if not np.allclose(wanted, found, atol=atol):
        raise InputError(
            f"The prediction of case {pair.name} must have its reference's spacing {wanted} mm, found {found} mm."
            " Was it left on the network's grid, or written without a header?"
        )


def check_grid(pair: Pair) -> None:
    """Check that a prediction lies on its reference's grid to within 1e-3 mm.

    Raises:
        InputError: Size, spacing, origin or direction differ by more.
    """
    differences = Grid.of(pair.prediction).differences(Grid.of(pair.reference))
    if differences:
        raise InputError(
            f"The prediction of case {pair.name} must lie on its reference's grid, but it has {differences}."
            " Was it left on another grid than the CT's, or written without a header?"
        )


def _other_labels(name: str, labels: Mapping[str, int], found: npt.NDArray[Any]) -> InputError:
    allowed = ", ".join(f"{label} {structure}" for structure, label in labels.items())
    return InputError(
        f"The {name} must hold the labels 0 background, {allowed} alone, found {_listed(found)}."
        " Does it come from another challenge, or hold probabilities?"
    )


def _listed(values: npt.NDArray[Any]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:_SHOWN].tolist())
    return shown + (", ..." if len(values) > _SHOWN else "")
