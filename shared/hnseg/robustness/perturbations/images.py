"""Perturbation of an image on its own grid and in its own units, with a record that gives it again."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.geometry import FloatArray, Grid, image_of
from hnseg.imaging.modality import Modality
from hnseg.records import Frozen, Text
from hnseg.robustness.perturbations.kind import Kind
from hnseg.robustness.perturbations.perturb import Parameters, Unchanged, apply, draw
from hnseg.robustness.perturbations.scale import AS_GIVEN, IntensityScale, Units, scale_of
from hnseg.robustness.perturbations.settings import AS_PUBLISHED, Settings
from hnseg.robustness.perturbations.severity import Severity


class Request(Frozen):
    """Perturbation that is asked for.

    Attributes:
        kind: Kind of the perturbation.
        severity: Severity, 0 to 3.
        case: Name of the case; another name has other draws.
        modality: Modality of the image; another one has other draws.
        seed: Number that changes all draws.
        units: Units of the strengths.
        settings: Choices that are not drawn.
    """

    kind: Kind
    severity: Severity
    case: Text = ""
    modality: Modality = "unknown"
    seed: int = 0
    units: Units = "normalised"
    settings: Settings = AS_PUBLISHED

    def generator(self) -> np.random.Generator:
        """Return the source of the draws: one for each case, modality, kind, severity and seed, on every machine."""
        key = json.dumps([self.case, self.modality, self.kind, self.severity, self.seed])
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        return np.random.default_rng(int.from_bytes(digest, "big"))


class PerturbationRecord(Frozen):
    """Perturbation of an image: what was asked for, drawn and taken for its scale.

    Attributes:
        request: Perturbation that was asked for.
        scale: Scale on which the image was perturbed.
        parameters: Parameters that were drawn, on that scale.
    """

    request: Request
    scale: IntensityScale
    parameters: Parameters


def perturb_image(image: sitk.Image, request: Request) -> tuple[sitk.Image, PerturbationRecord]:
    """Return an image with an artefact, and its record.

    Equal input gives equal voxels, whatever was perturbed before. Takes up to two volumes of float32 beside the image,
    motion four.

    Args:
        image: Scalar 3-D image of finite values, of any voxel type and on any grid; left as it is.
        request: Perturbation that is asked for.

    Returns:
        A float32 image on the very same grid, since an artefact's values are no integers and may lie outside an integer
        type's range; of severity 0 the image itself. And the record.

    Raises:
        InputError: The result does not fit into float32.

    >>> ct = sitk.GetImageFromArray(np.arange(-1000, 1000, 2, dtype=np.int16).reshape(10, 10, 10))
    >>> noisy, record = perturb_image(ct, Request(kind="noise", severity=1, modality="ct"))
    >>> noisy.GetPixelIDTypeAsString(), record.scale.unit
    ('32-bit float', 1998.0)
    """
    parameters = draw(request.kind, request.severity, request.generator(), settings=request.settings)
    if isinstance(parameters, Unchanged):
        return image, PerturbationRecord(request=request, scale=AS_GIVEN, parameters=parameters)
    grid = Grid.of(image)
    array, scale = _on_scale(image, request)
    array = apply(array, parameters, spacing_zyx_mm=grid.spacing_zyx_mm)
    scale.put_back(array)
    return image_of(array, grid), PerturbationRecord(request=request, scale=scale, parameters=parameters)


def _on_scale(image: sitk.Image, request: Request) -> tuple[FloatArray, IntensityScale]:
    """Return an image's voxels on the scale on which it is perturbed, and the scale."""
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit into float32 is found by `apply`
        array: FloatArray = sitk.GetArrayViewFromImage(image).astype(np.float32)
        scale = scale_of(array, units=request.units, modality=request.modality)
        scale.put(array)
    return array, scale
