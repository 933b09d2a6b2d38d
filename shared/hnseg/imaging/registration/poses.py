"""Rigid poses, each a `sitk.Euler3DTransform`, and small steps away from one."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.registration.agreement import Points


def placed(centre_mm: Points, target_mm: Points) -> sitk.Euler3DTransform:
    """Return the pose that takes a centre (3,) to a target (3,) without rotation; later turns are about the centre.

    >>> pose = placed(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 8.0]))
    >>> pose.TransformPoint((0.0, 0.0, 0.0))
    (0.0, 0.0, 5.0)
    """
    pose = sitk.Euler3DTransform()
    pose.SetCenter(centre_mm.tolist())
    pose.SetTranslation((target_mm - centre_mm).tolist())
    return pose


def shifted(pose: sitk.Euler3DTransform, *, axis: int, by_mm: float) -> sitk.Euler3DTransform:
    """Return a pose moved further along the x (0), y (1) or z (2) axis.

    >>> shifted(sitk.Euler3DTransform(), axis=1, by_mm=4.0).TransformPoint((1.0, 1.0, 1.0))
    (1.0, 5.0, 1.0)
    """
    translation = list(pose.GetTranslation())
    translation[axis] += by_mm
    result = sitk.Euler3DTransform(pose)
    result.SetTranslation(translation)
    return result


def turned(pose: sitk.Euler3DTransform, *, axis: int, by_deg: float) -> sitk.Euler3DTransform:
    """Return a pose turned further about its centre, around the x (0), y (1) or z (2) axis.

    >>> quarter = turned(sitk.Euler3DTransform(), axis=2, by_deg=90.0)
    >>> [round(mm, 6) + 0.0 for mm in quarter.TransformPoint((1.0, 0.0, 0.0))]
    [0.0, 1.0, 0.0]
    """
    angles = [0.0, 0.0, 0.0]
    angles[axis] = float(np.deg2rad(by_deg))
    turn = sitk.Euler3DTransform((0.0, 0.0, 0.0), *angles)
    return _with_matrix(pose, _matrix(turn) @ _matrix(pose))


def inverse(pose: sitk.Euler3DTransform) -> sitk.Euler3DTransform:
    """Return the inverse of a pose.

    >>> forth = turned(placed(np.zeros(3), np.array([0.0, 0.0, 5.0])), axis=0, by_deg=30.0)
    >>> back = inverse(forth).TransformPoint(forth.TransformPoint((1.0, 2.0, 3.0)))
    >>> [round(mm, 6) for mm in back]
    [1.0, 2.0, 3.0]
    """
    result = sitk.Euler3DTransform()
    result.SetCenter((np.array(pose.GetCenter()) + np.array(pose.GetTranslation())).tolist())
    result.SetTranslation((-np.array(pose.GetTranslation())).tolist())
    return _with_matrix(result, _matrix(pose).T)


def rotation_deg(pose: sitk.Euler3DTransform) -> float:
    """Return the angle of a pose's rotation about its own axis, in degrees, 0 to 180.

    >>> round(rotation_deg(turned(sitk.Euler3DTransform(), axis=0, by_deg=-30.0)), 6)
    30.0
    """
    return float(np.rad2deg(np.arccos(np.clip((np.trace(_matrix(pose)) - 1) / 2, -1.0, 1.0))))


def _matrix(pose: sitk.Euler3DTransform) -> Points:
    return np.array(pose.GetMatrix(), dtype=np.float64).reshape(3, 3)


def _with_matrix(pose: sitk.Euler3DTransform, matrix: Points) -> sitk.Euler3DTransform:
    result = sitk.Euler3DTransform(pose)
    result.SetMatrix(matrix.ravel().tolist(), 1e-6)  # products of rotations are orthogonal up to rounding
    return result
