"""Motion of the patient during the acquisition: parts of the Fourier transform seen in other poses.

The transform is cut into slabs along z, one for each pose (Shaw et al., "MRI k-space motion artefact augmentation",
MIDL 2019; TorchIO's `Motion`). The slab of the frequency 0 is that of the image as it is.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from hnseg.imaging.geometry import FloatArray
from hnseg.records import Frozen
from hnseg.robustness.perturbations.frequencies import add_weighted
from hnseg.robustness.perturbations.severity import Severity, Triple, at_severity, triple_within

About = Literal["origin", "centre"]
"""Point that poses turn about: the first voxel, as published, or the centre of the image."""

_POSES = ((10.0, 2), (20.0, 3), (30.0, 4))
"""Largest turn in degrees, which is the largest shift in mm too, and number of poses, by severity."""

_JITTER = 0.3  # of the time between two poses
_DIRECTION = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)  # axes to the right, front and head, in LPS


class Motion(Frozen):
    """Poses of the patient that were drawn.

    Attributes:
        kind: Kind of the perturbation.
        degrees_xyz: Turns of each pose about the axes x, y and z of LPS; ITK's Euler angles, Rz Rx Ry.
        translations_xyz_mm: Shifts of each pose, LPS.
        times: Times at which the poses are taken, increasing between 0 and 1.
        about: Point that the poses turn about.
    """

    kind: Literal["motion"] = "motion"
    degrees_xyz: tuple[Triple, ...]
    translations_xyz_mm: tuple[Triple, ...]
    times: tuple[float, ...]
    about: About = "origin"


def draw_motion(severity: Severity, rng: np.random.Generator, about: About = "origin") -> Motion:
    """Return poses drawn for a severity, as RandomMotion draws them."""
    most, poses = at_severity(severity, _POSES)
    step = 1 / (poses + 1)
    jitter = rng.uniform(-_JITTER * step, _JITTER * step, size=poses)
    return Motion(
        degrees_xyz=tuple(triple_within((-most, most), rng) for _ in range(poses)),
        translations_xyz_mm=tuple(triple_within((-most, most), rng) for _ in range(poses)),
        times=tuple((np.arange(1, poses + 1) * step + jitter).tolist()),
        about=about,
    )


def move(volume: FloatArray, motion: Motion, spacing_zyx_mm: Triple) -> FloatArray:
    """Return a volume as if its patient had moved, float32 (z, y, x).

    What comes from outside the volume is its smallest value. Takes three volumes beside the input.

    Args:
        volume: Intensities (z, y, x).
        motion: Poses.
        spacing_zyx_mm: Spacing (z, y, x).
    """
    slabs = _slabs(motion.times, len(volume))
    unmoved = _index_of_centre(motion.times)
    moved = np.zeros_like(volume)
    add_weighted(moved, volume, slabs[unmoved], axis=0)
    fixed = _placed(volume, spacing_zyx_mm)
    smallest = float(volume.min())
    for index, pose in enumerate(_transforms(motion, fixed), start=1):
        slab = slabs[0 if index == unmoved else index]  # the image as it is has taken this pose's place
        posed = sitk.Resample(fixed, pose, sitk.sitkLinear, smallest, sitk.sitkFloat32)
        add_weighted(moved, sitk.GetArrayViewFromImage(posed), slab, axis=0)
        del posed  # or two of them would be there at once
    return moved


def _placed(volume: FloatArray, spacing_zyx_mm: Triple) -> sitk.Image:
    """Return an image of a volume with its first voxel in the origin."""
    image = sitk.GetImageFromArray(volume)
    image.SetSpacing(spacing_zyx_mm[::-1])
    image.SetDirection(_DIRECTION)
    return image


def _transforms(motion: Motion, image: sitk.Image) -> list[sitk.Euler3DTransform]:
    """Return the poses as transforms of ITK, from points of the result to points of the image."""
    middle = [(size - 1) / 2 for size in image.GetSize()]
    centre = image.TransformContinuousIndexToPhysicalPoint(middle) if motion.about == "centre" else (0.0, 0.0, 0.0)
    return [
        sitk.Euler3DTransform(centre, *np.radians(degrees).tolist(), shift_mm)
        for degrees, shift_mm in zip(motion.degrees_xyz, motion.translations_xyz_mm, strict=True)
    ]


def _slabs(times: tuple[float, ...], size: int) -> list[npt.NDArray[np.float64]]:
    """Return a weight of 0 or 1 for each frequency along z, of each slab between two times, (size,) each."""
    cuts = [0, *(int(size * time) for time in times), size]
    index = np.arange(size)
    return [((first <= index) & (index < end)).astype(np.float64) for first, end in pairwise(cuts)]


def _index_of_centre(times: tuple[float, ...]) -> int:
    """Return the index of the first slab that ends beyond the middle, as TorchIO finds it."""
    return next((index for index, time in enumerate(times) if time > 0.5), len(times))
