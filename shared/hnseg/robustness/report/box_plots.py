"""Box plots of the lost Dice score, a panel for each modality and structure: places in an SVG for the page's template.

A box reaches from the first to the third quartile, with a line at the median; whiskers end at the last case within 1.5
interquartile ranges, and cases beyond are drawn as points (Tukey). Cases with an empty reference are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hnseg.robustness.results.pairs import PairedScores

WIDTH, HEIGHT = 540, 250
"""Size of a panel, in the units of its SVG."""
LEFT, TOP, BOTTOM = 42, 14, 216
"""Places of the axis and of the ends of the boxes' area."""

_RIGHT = WIDTH - 8
_TICKS = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)
_WHISKER = 1.5  # interquartile ranges, Tukey's


@dataclass(frozen=True)
class BoxShape:
    """Box of one variant; places in the panel's SVG, y downwards.

    Attributes:
        x: Middle of the box.
        width: Width of the box.
        low: First quartile.
        median: Median.
        high: Third quartile.
        whiskers: Ends of the whiskers.
        points: Cases beyond the whiskers.
        strength: Opacity of the fill, by severity, 0 to 1.
        title: Variant and its median, in words.
    """

    x: float
    width: float
    low: float
    median: float
    high: float
    whiskers: tuple[float, float]
    points: tuple[float, ...]
    strength: float
    title: str


@dataclass(frozen=True)
class Panel:
    """Panel of one modality and structure.

    Attributes:
        title: Modality and structure.
        boxes: Boxes from left to right.
        kinds: Names of the kinds, each with its place along x.
        ticks: Numbers of the axis, each with its place along y.
    """

    title: str
    boxes: tuple[BoxShape, ...]
    kinds: tuple[tuple[str, float], ...]
    ticks: tuple[tuple[str, float], ...]


def panels_of(pairs: Sequence[PairedScores]) -> list[Panel]:
    """Return a panel for each modality and structure, all on one scale; without a case with a reference, none."""
    drawn = [pair for pair in pairs if _losses(pair).size]
    lowest = min((float(_losses(pair).min()) for pair in drawn), default=0.0)
    bottom = max((tick for tick in _TICKS if tick <= min(lowest, 0.0)), default=-1.0)
    places = dict.fromkeys((pair.variant.modality, pair.structure) for pair in drawn)
    return [
        _panel([pair for pair in drawn if (pair.variant.modality, pair.structure) == place], bottom) for place in places
    ]


def _losses(pair: PairedScores) -> npt.NDArray[np.float64]:
    losses: npt.NDArray[np.float64] = pair.delta[pair.has_reference]
    return losses


def _panel(pairs: Sequence[PairedScores], bottom: float) -> Panel:
    kinds = list(dict.fromkeys(pair.variant.kind for pair in pairs))
    severities = sorted({pair.variant.severity for pair in pairs})
    room = (_RIGHT - LEFT) / len(kinds)
    step = room / (len(severities) + 0.6)
    boxes = []
    for pair in pairs:
        place = severities.index(pair.variant.severity)
        x = LEFT + room * kinds.index(pair.variant.kind) + step * (place + 0.8)
        boxes.append(_box(pair, x, 0.7 * step, (place + 1) / len(severities), bottom))
    return Panel(
        title=f"{pairs[0].variant.modality}, {pairs[0].structure}",
        boxes=tuple(boxes),
        kinds=tuple((kind, LEFT + room * (at + 0.5)) for at, kind in enumerate(kinds)),
        ticks=tuple((f"{tick:g}", _y(tick, bottom)) for tick in _TICKS if tick >= bottom),
    )


def _box(pair: PairedScores, x: float, width: float, strength: float, bottom: float) -> BoxShape:
    losses = _losses(pair)
    low, median, high = (float(value) for value in np.quantile(losses, (0.25, 0.5, 0.75)))
    reach = _WHISKER * (high - low)
    inside = losses[(losses >= low - reach) & (losses <= high + reach)]
    points = losses[(losses < low - reach) | (losses > high + reach)]
    return BoxShape(
        x=round(x, 1),
        width=round(width, 1),
        low=_y(low, bottom),
        median=_y(median, bottom),
        high=_y(high, bottom),
        whiskers=(_y(float(inside.min()), bottom), _y(float(inside.max()), bottom)),
        points=tuple(_y(float(loss), bottom) for loss in np.sort(points)),
        strength=round(0.15 + 0.75 * strength, 2),
        title=f"{pair.variant}: median {median:.3f}, {len(losses)} cases",
    )


def _y(value: float, bottom: float) -> float:
    return round(BOTTOM - (value - bottom) / (1 - bottom) * (BOTTOM - TOP), 1)
