"""Rigid poses: `sitk.Euler3DTransform`, and the small steps away from one."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.registration.agreement import Points


def placed(centre_mm: Points, target_mm: Points) -> sitk.Euler3DTransform:
    """Return the pose that takes a centre (3,) to a target (3,) unturned; later turns are about the centre."""
    pose = sitk.Euler3DTransform()
    pose.SetCenter(centre_mm.tolist())
    pose.SetTranslation((target_mm - centre_mm).tolist())
    return pose


def shifted(pose: sitk.Euler3DTransform, *, axis: int, by_mm: float) -> sitk.Euler3DTransform:
    """Return a pose moved further along the x (0), y (1) or z (2) axis."""
    translation = list(pose.GetTranslation())
    translation[axis] += by_mm
    result = sitk.Euler3DTransform(pose)
    result.SetTranslation(translation)
    return result


def turned(pose: sitk.Euler3DTransform, *, axis: int, by_deg: float) -> sitk.Euler3DTransform:
    """Return a pose turned further about its centre, around the x (0), y (1) or z (2) axis."""
    angles = [0.0, 0.0, 0.0]
    angles[axis] = float(np.deg2rad(by_deg))
    turn = sitk.Euler3DTransform((0.0, 0.0, 0.0), *angles)
    return _with_matrix(pose, _matrix(turn) @ _matrix(pose))


def inverse(pose: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
    """Return the pose that undoes one."""
    result = sitk.Euler3DTransform()
    result.SetCenter((np.array(pose.GetCenter()) + np.array(pose.GetTranslation())).tolist())
    result.SetTranslation((-np.array(pose.GetTranslation())).tolist())
    return _with_matrix(result, _matrix(pose).T)


def rotation_deg(pose: sitk.Euler3DTransform) -> float:
    """Return the angle of a pose's rotation about its own axis, 0 to 180."""
    return float(np.rad2deg(np.arccos(np.clip((np.trace(_matrix(pose)) - 1) / 2, -1.0, 1.0))))


def _matrix(pose: sitk.Euler3DTransform) -> Points:
    return np.array(pose.GetMatrix(), dtype=np.float64).reshape(3, 3)


def _with_matrix(pose: sitk.Euler3DTransform, matrix: Points) -> sitk.Euler3DTransform:
    result = sitk.Euler3DTransform(pose)
    result.SetMatrix(matrix.ravel().tolist(), 1e-6)  # products of rotations are orthogonal up to rounding
    return result
