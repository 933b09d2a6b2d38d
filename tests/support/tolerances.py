"""Differences that arithmetic allows between two computations of one network, whichever kernels a processor has.

Kernels differ in the order of their sums and in the use of fused multiply-add. A float32 sum of n products errs by some
sqrt(n) roundings of its size (Higham and Mary, "A new approach to probabilistic rounding error analysis", SIAM J. Sci.
Comput. 41, 2019). The tests' networks have at most 16 convolutions in a row, of some 16 * 16 products each: 16 * 16
roundings. Measured against float64, torch errs by 3 to 8 and OpenVINO by 4 to 72 of them, with AVX as with AVX2.
Half precision errs by 4096 of them in one rounding, so a network that is computed in it is still found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FLOAT32_EPS = 2.0**-23
ROUNDINGS = 16 * 16
MOST_TIES = 0.01
"""Fraction of voxels that a comparison of label maps may leave out, because rounding decides their labels."""

Floats = npt.NDArray[np.floating[Any]]
Integers = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]


def logit_error(logits: Floats) -> float:
    """Return the most that a logit of an array may differ in another float32 computation of the same network."""
    return ROUNDINGS * FLOAT32_EPS * float(np.abs(logits).max())


def assert_same_logits(found: Floats, expected: Floats) -> None:
    """Check that two arrays of logits differ by no more than the error of float32."""
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=logit_error(expected))


def ties(logits: Floats, *, has_regions: bool = False) -> Bools:
    """Return the voxels (z, y, x) whose label rounding decides.

    Args:
        logits: Logits (k, z, y, x); all are zero where the image was cropped, and rounding decides nothing there.
        has_regions: Whether the signs of logits decide on a label, not the largest logit.
    """
    if has_regions:
        lead, error = np.abs(logits).min(axis=0), logit_error(logits)
    else:
        second, first = np.sort(logits, axis=0)[-2:]
        lead, error = first - second, 2 * logit_error(logits)  # both may err
    return (lead <= error) & logits.any(axis=0)


def assert_same_labels(found: Integers, expected: Integers, tied: Bools) -> None:
    """Check that two label maps (z, y, x) are equal, except where rounding decides."""
    assert tied.mean() <= MOST_TIES, "so many ties that little is compared"
    np.testing.assert_array_equal(found[~tied], expected[~tied])
