"""Maps of a container beside its label map, as the platform imports them, and the values that they promise.

The platform takes an image of numbers as it is, so wrong values show only to those who read it: they fail here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hnseg.platform.maps import MapRange
from hnseg.platform.spec import ChallengeSpec, MapSocket
from hnseg.rehearsal.findings import Finding, failure
from hnseg.rehearsal.judging.outputs import Imported, import_image


def import_map(socket: MapSocket, output_dir: Path, spec: ChallengeSpec) -> Imported:
    """Import the image of a map's socket, and judge its voxels: float32, finite, and in the range of its kind.

    One of the kind `other` has no range, and may have any voxels.

    Args:
        socket: Socket of the map.
        output_dir: Folder that the container wrote to.
        spec: Challenge of the socket, whose labels set the largest entropy.
    """
    imported = import_image(socket, output_dir)
    if imported.image is None or socket.kind == "other":
        return imported
    findings = _wrong(socket, imported.image, MapRange.of(spec, socket))
    return replace(imported, findings=(*findings, *imported.findings))


def _wrong(socket: MapSocket, image: sitk.Image, allowed: MapRange) -> list[Finding]:
    """Return the failure of voxels that are not as promised; empty without one."""
    if image.GetPixelID() != sitk.sitkFloat32:
        return [_failure(f"The {socket.title} must be float32, one number a voxel, found {_type_of(image)}.")]
    values = sitk.GetArrayViewFromImage(image)
    if not np.isfinite(values).all():
        return [_failure(f"The {socket.title} must hold finite numbers only, but holds NaN or infinite ones.")]
    low, high = float(values.min()), float(values.max())
    if allowed.holds(low, high):
        return []
    return [
        _failure(
            f"The {socket.title} must be {allowed.in_words}, found {low:.4g} to {high:.4g}. {allowed.likely_cause}"
        )
    ]


def _type_of(image: sitk.Image) -> str:
    return f"{image.GetPixelIDTypeAsString()}, {image.GetNumberOfComponentsPerPixel()} a voxel"


def _failure(explanation: str) -> Finding:
    """Return a failure of which the platform shows no sentence."""
    return failure("evaluation", "", explanation)
