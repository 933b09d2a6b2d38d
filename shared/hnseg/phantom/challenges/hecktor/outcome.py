"""Outcome of a patient: T and N stage from the extents of tumours, and recurrence-free survival from a stated model.

Stages follow the AJCC's seventh edition as far as a scan allows: T1 to 2 cm, T2 to 4 cm, T3 beyond, T4 where the
primary invades, which is more frequent for larger ones (5 % of the smallest, 60 % beyond 5 cm). N1 is a single node to
3 cm, N2 one to 6 cm or several or on both sides, N3 one beyond 6 cm. One stage in 25 is off by one, as in the clinic.

The hazard of a relapse is constant in time and proportional:

    h = 1 / 4200 days * exp(0.45 ln(V / 20 ml) + 0.2 ln(TLG / 150 g) + 0.3 N - 0.9 HPV - 0.35 CRT + 0.25 PS)

V is the volume of all tumours (at least 1 ml), TLG their uptake times volume (at least 1), N the number of the N stage
less 1.5, HPV and CRT 1 or 0, PS the performance status. Follow-up ends between 3 and 7 years. About one patient in four
relapses before.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist

from hnseg.clinical import N_STAGES, T_STAGES, FollowUp
from hnseg.imaging.geometry import Grid
from hnseg.phantom.body.shapes import BoolArray

BASELINE_PER_DAY = 1 / 4200
"""Hazard of a typical patient per day."""

TYPICAL_ML, TYPICAL_TLG, TYPICAL_N = 20.0, 150.0, 1.5
# Coefficients of the logarithm of the hazard
LOG_VOLUME, LOG_TLG, N_STAGE, HPV, CHEMOTHERAPY, PERFORMANCE = 0.45, 0.2, 0.3, -0.9, -0.35, 0.25
_FOLLOW_UP_DAYS = (3 * 365.25, 7 * 365.25)
_MISJUDGED = 0.04


@dataclass(frozen=True)
class Findings:
    """Extents, volume and uptake of a patient's tumours.

    Attributes:
        primary_mm: Greatest extent of the primary; 0 without one.
        nodes_mm: Greatest extent of each node.
        on_both_sides: Whether nodes lie left and right of the midline.
        volume_ml: Volume of all tumours.
        tlg: Total lesion glycolysis: the sum of SUV times volume, g.
    """

    primary_mm: float
    nodes_mm: tuple[float, ...]
    on_both_sides: bool
    volume_ml: float
    tlg: float


def t_stage(primary_mm: float, *, invades: bool) -> str:
    """Return the T stage of a primary.

    Args:
        primary_mm: Greatest extent; 0 for a primary that is gone, which counts as small.
        invades: Whether the primary invades its surroundings.
    """
    if invades:
        return "T4"
    return T_STAGES[int(np.searchsorted((20.0, 40.0), primary_mm))]


def n_stage(nodes_mm: tuple[float, ...], *, on_both_sides: bool) -> str:
    """Return the N stage of nodes.

    Args:
        nodes_mm: Greatest extent of each node; N0 without any.
        on_both_sides: Whether nodes lie left and right of the midline.
    """
    if not nodes_mm:
        return "N0"
    if max(nodes_mm) > 60:
        return "N3"
    return "N2" if len(nodes_mm) > 1 or max(nodes_mm) > 30 or on_both_sides else "N1"


def draw_stages(rng: np.random.Generator, findings: Findings) -> tuple[str, str]:
    """Draw the recorded T and N stage of a patient; one in 25 of either is off by one."""
    invades = rng.random() < np.interp(findings.primary_mm, (15, 50), (0.05, 0.6))
    t = t_stage(findings.primary_mm, invades=bool(invades))
    n = n_stage(findings.nodes_mm, on_both_sides=findings.on_both_sides)
    return _misjudged(rng, t, T_STAGES), _misjudged(rng, n, N_STAGES)


def hazard_per_day(
    findings: Findings, n: str, *, hpv_positive: bool, chemotherapy: bool, performance_status: int
) -> float:
    """Return the hazard of a relapse per day, by the model in the module's docstring.

    Args:
        findings: Volume and uptake of the tumours.
        n: N stage.
        hpv_positive: Whether the tumour is HPV-positive.
        chemotherapy: Whether radiotherapy is given with chemotherapy.
        performance_status: ECOG performance status.
    """
    log_relative = (
        LOG_VOLUME * np.log(max(findings.volume_ml, 1) / TYPICAL_ML)
        + LOG_TLG * np.log(max(findings.tlg, 1) / TYPICAL_TLG)
        + N_STAGE * (N_STAGES.index(n) - TYPICAL_N)
        + HPV * hpv_positive
        + CHEMOTHERAPY * chemotherapy
        + PERFORMANCE * performance_status
    )
    return float(BASELINE_PER_DAY * np.exp(log_relative))


def draw_follow_up(rng: np.random.Generator, hazard: float) -> FollowUp:
    """Draw the follow-up of a patient: whole days, 1 at least, to a relapse or to the last visit.

    Args:
        rng: Source of randomness.
        hazard: Hazard of a relapse per day.
    """
    relapse_days = rng.exponential() / hazard
    last_visit_days = rng.uniform(*_FOLLOW_UP_DAYS)
    days = max(1.0, float(np.rint(min(relapse_days, last_visit_days))))
    return FollowUp(days, bool(relapse_days <= last_visit_days))


def extent_mm(mask: BoolArray, grid: Grid) -> float:
    """Return the greatest extent of a mask: the largest distance of two voxel centres plus a voxel's mean width.

    Args:
        mask: Mask, (z, y, x); the extent of an empty one is 0.
        grid: Grid of the mask; a part of a larger grid may be given with that grid, since its position has no effect.
    """
    points = grid.points_mm(np.argwhere(mask)[:, ::-1].astype(np.float64))
    if len(points) == 0:
        return 0.0
    return float(pdist(_outermost(points)).max(initial=0.0) + np.mean(grid.spacing_mm))


def _outermost(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(points[ConvexHull(points).vertices])
    except (QhullError, ValueError):  # all points in one plane, or too few
        return points


def _misjudged(rng: np.random.Generator, stage: str, stages: tuple[str, ...]) -> str:
    off = int(rng.choice((-1, 0, 1), p=(_MISJUDGED / 2, 1 - _MISJUDGED, _MISJUDGED / 2)))
    return stages[int(np.clip(stages.index(stage) + off, 0, len(stages) - 1))]
