"""Bias field: a factor that varies smoothly over the image, as that of a coil's sensitivity.

As TorchIO's `BiasField`, after NiftyNet: the exponential of a polynomial in the position, -1 to 1 along each axis.
"""

from __future__ import annotations

from itertools import product
from typing import Literal

import numpy as np
import numpy.typing as npt

from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.severity import Severity, at_severity

_POLYNOMIALS = ((0.5, 3), (0.75, 3), (1.0, 4))
"""Largest coefficient and order, by severity."""


class BiasField(Frozen):
    """Polynomial that was drawn.

    Attributes:
        kind: Kind of the perturbation.
        order: Largest sum of the powers of x, y and z.
        coefficients: Coefficients of x^i y^j z^k, in the order of i, then j, then k: 20 of order 3, 35 of order 4.
    """

    kind: Literal["bias"] = "bias"
    order: int
    coefficients: tuple[float, ...]


def draw_bias(severity: Severity, rng: np.random.Generator) -> BiasField:
    """Return a polynomial drawn for a severity, as RandomBiasField draws it, its constant term too."""
    largest, order = at_severity(severity, _POLYNOMIALS)
    coefficients = tuple(rng.uniform(-largest, largest, size=len(_powers(order))).tolist())
    return BiasField(order=order, coefficients=coefficients)


def multiply_by_bias(volume: FloatArray, bias: BiasField) -> FloatArray:
    """Return a volume times a bias field, float32 (z, y, x). Takes one volume beside the input.

    Args:
        volume: Intensities (z, y, x).
        bias: Polynomial.
    """
    cube = np.zeros((bias.order + 1,) * 3)  # coefficients by the powers of z, y and x
    for (i, j, k), coefficient in zip(_powers(bias.order), bias.coefficients, strict=True):
        cube[k, j, i] = coefficient
    of_z, of_y, of_x = (_monomials(size, bias.order) for size in volume.shape)
    biased = np.empty_like(volume)
    for plane, result, powers_of_z in zip(volume, biased, of_z, strict=True):
        field = of_y @ np.tensordot(powers_of_z, cube, axes=1) @ of_x.T
        np.multiply(plane, np.exp(field).astype(np.float32), out=result)
    return biased


def _powers(order: int) -> list[tuple[int, int, int]]:
    """Return the powers of x, y and z in each term."""
    return [(i, j, k) for i, j, k in product(range(order + 1), repeat=3) if i + j + k <= order]


def _monomials(size: int, order: int) -> npt.NDArray[np.float64]:
    """Return the powers 0 to `order` of the positions along an axis, (size, order + 1); one voxel alone is at 0."""
    positions = np.linspace(-1, 1, size) if size > 1 else np.zeros(1)
    return np.vander(positions, order + 1, increasing=True)
