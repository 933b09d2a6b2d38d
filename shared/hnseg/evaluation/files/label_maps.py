"""What must hold of two label maps before they are compared."""

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
    """Return a label map's voxels, uint8 (z, y, x).

    Args:
        image: Of any scalar type whose values are whole.
        labels: The values it may hold beside 0, by structure; 255 at most.
        name: What it is, for a message.

    Raises:
        InputError: It holds another value.
    """
    strange = unexpected_values(image, {label: structure for structure, label in labels.items()})
    if strange:
        raise _other_labels(name, labels, np.unique(np.array(strange, np.float64)))
    return array_of(image).astype(np.uint8, copy=False)


def cast_labels(image: sitk.Image, labels: Mapping[str, int], *, name: str) -> tuple[sitk.Image, str]:
    """Return a label map cast to uint8, as the scripts of HECKTOR and HNTS-MRG do, and a note where that changed it.

    Fractions are cut off, and integers wrap around at 256.

    Raises:
        InputError: After the cast it holds other values than 0 and `labels`, or a value has no cast.
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
    """Refuse a prediction of another spacing, as numpy.allclose compares it: with a relative 1e-5 on top of `atol`.

    Raises:
        InputError: The spacing is not the reference's.
    """
    found, wanted = pair.prediction.GetSpacing(), pair.reference.GetSpacing()
    if not np.allclose(wanted, found, atol=atol):
        raise InputError(
            f"The prediction of case {pair.name} must have its reference's spacing {wanted} mm, found {found} mm."
            " Was it left on the network's grid, or written without a header?"
        )


def check_grid(pair: Pair) -> None:
    """Refuse a prediction whose voxels are not its reference's, to within 1e-3 mm.

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
