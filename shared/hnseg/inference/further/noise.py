"""Gaussian noise as a function of seed and position in a volume, so that tiles that overlap get the same noise.

No volume of noise exists: each tile's is computed from the positions of its voxels. The bits of a position are mixed as
by splitmix64 (Steele et al., "Fast splittable pseudorandom number generators", OOPSLA 2014), and two numbers of 24 bits
each make a normal one (Box and Muller, 1958).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import pi

import torch

from hnseg.imaging.box import Slices

_BITS = 64
_GAMMA, _FIRST, _SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_DIGITS = 24  # that float32 holds exactly


def normal_noise(seed: int, channel: int, box: Slices, shape: Sequence[int], device: torch.device) -> torch.Tensor:
    """Return standard normal noise (z, y, x), float32, of the voxels of a box.

    The integers that it is made of are the same on every machine; logarithm and cosine are those of the device.

    Args:
        seed: Number that another noise has another of.
        channel: Index of the channel, each of which has noise of its own.
        box: Voxels in the volume.
        shape: Size (z, y, x) of the volume.
        device: Device to compute it on, in memory of about 40 bytes a voxel of the box.
    """
    z, y, x = (torch.arange(part.start, part.stop, dtype=torch.int64, device=device) for part in box)
    _, rows, columns = shape
    position = (z[:, None, None] * rows + y[:, None]) * columns + x
    mixed = _mixed(position, seed=_mixed_number(_mixed_number(seed) + channel))
    largest = 1 << _DIGITS
    first, second = ((_shifted(mixed, _BITS - _DIGITS) + 0.5) / largest, (mixed & (largest - 1)) / largest)
    return (-2 * first.log()).sqrt_() * (2 * pi * second).cos_()


def _mixed(positions: torch.Tensor, seed: int) -> torch.Tensor:
    """Return 64 mixed bits for each position; `_mixed_number` does the same for one."""
    bits = positions * _signed(_GAMMA) + _signed(seed)  # multiplication of int64 wraps around
    for shift, factor in ((30, _FIRST), (27, _SECOND)):
        bits = (bits ^ _shifted(bits, shift)) * _signed(factor)
    return bits ^ _shifted(bits, 31)


def _mixed_number(number: int) -> int:
    return int(_mixed(torch.tensor([number]), seed=0).item())


def _shifted(bits: torch.Tensor, by: int) -> torch.Tensor:
    """Return bits moved to the right, with zeros in their place: torch repeats the sign."""
    return (bits >> by) & ((1 << (_BITS - by)) - 1)


def _signed(bits: int) -> int:
    """Return 64 bits as the number with a sign that torch takes them for."""
    bits &= (1 << _BITS) - 1
    return bits - (1 << _BITS) if bits >> (_BITS - 1) else bits
