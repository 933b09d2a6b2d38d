"""Coarse search for poses of the smaller image in the larger one, so that no single start has to be right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import SimpleITK as sitk

from hnseg.imaging.registration.agreement import Points, Samples, apart_mm, overlay
from hnseg.imaging.registration.poses import placed, turned
from hnseg.imaging.registration.pyramid import Level

RUNG_MM = 20.0  # from one position to the next along the patient
SIDEWAYS_MM = (  # (x, y) from the middle of the body
    *[(0, 0), (20, 0), (-20, 0), (0, 20), (0, -20), (40, 0), (-40, 0), (0, 40), (0, -40)],
    *[(20, 20), (20, -20), (-20, 20), (-20, -20)],
)
TURN_DEG = 15.0
TURNED_POSES = 12
DISTINCT_MM = 12.0  # poses nearer to each other than this lead to the same place

ScoredPose = tuple[float, sitk.Euler3DTransform]


def promising_poses(
    samples: Samples, smaller: Level, larger: Level, *, smallest_overlap: float
) -> list[sitk.Euler3DTransform]:
    """Return the poses under which the images have something in common, the most promising first.

    Tried are the raw headers, the centres of the fields of view and of the bodies laid on each other, and the
    smaller image's body at positions all along the larger one's; then the best of these turned about each axis.

    Args:
        samples: Points of the smaller image that are compared.
        smaller: Image that is moved.
        larger: Image in which it is moved.
        smallest_overlap: Fraction of the smaller image's body that must lie inside the larger image.
    """
    centre = smaller.points_mm(smaller.body).mean(axis=0)
    start = [placed(centre, target) for target in _targets(smaller, larger, centre)]
    untilted = ranked(start, samples, larger, smallest_overlap=smallest_overlap)
    tilted = [
        turned(pose, axis=axis, by_deg=angle)
        for _, pose in untilted[:TURNED_POSES]
        for axis in range(3)
        for angle in (-TURN_DEG, TURN_DEG)
    ]
    both = [*untilted, *ranked(tilted, samples, larger, smallest_overlap=smallest_overlap)]
    return [pose for _, pose in sorted(both, key=lambda entry: -entry[0])]


def ranked(
    poses: Iterable[sitk.Euler3DTransform], samples: Samples, larger: Level, *, smallest_overlap: float
) -> list[ScoredPose]:
    """Return poses by mutual information times overlap, the best first, without those that overlap too little.

    The overlap keeps a good match of a corner from winning.
    """
    entries: list[ScoredPose] = []
    for pose in poses:
        met = overlay(samples, larger, pose)
        if met.overlap >= smallest_overlap:
            entries.append((met.mutual_information() * met.overlap, pose))
    return sorted(entries, key=lambda entry: -entry[0])


def distinct(poses: Sequence[sitk.Euler3DTransform], points_mm: Points, *, count: int) -> list[sitk.Euler3DTransform]:
    """Return the first poses, without any that takes the points to nearly the same places as an earlier one."""
    kept: list[sitk.Euler3DTransform] = []
    for pose in poses:
        if len(kept) == count:
            break
        if all(apart_mm(points_mm, pose, other) >= DISTINCT_MM for other in kept):
            kept.append(pose)
    return kept


def _targets(smaller: Level, larger: Level, centre: Points) -> list[Points]:
    """Return the points of the larger image where the centre of the smaller one's body may belong, (3,) each."""
    body = larger.points_mm(larger.body)
    middle_of_smaller, middle_of_larger = (level.grid.corners_mm().mean(axis=0) for level in (smaller, larger))
    targets = [centre, centre + middle_of_larger - middle_of_smaller, body.mean(axis=0)]
    for height in np.arange(body[:, 2].min(), body[:, 2].max() + RUNG_MM, RUNG_MM):
        slab = body[np.abs(body[:, 2] - height) <= RUNG_MM / 2]
        if len(slab):
            x, y = np.median(slab[:, :2], axis=0)
            targets += [np.array([x + dx, y + dy, height]) for dx, dy in SIDEWAYS_MM]
    return targets
