"""Habitus of a patient: the build of the body, relative to the average."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hnseg.phantom.body.shapes import Point


@dataclass(frozen=True)
class Habitus:
    """Build of a patient on one day.

    Attributes:
        girth: Width of the outline relative to the average.
        fat: Thickness of the fat under the skin relative to the average.
        gland: Size of the salivary glands relative to the average.
        muscle: Thickness of the muscles relative to the average.
        tongue_mm: Height of the tongue above the average.
        airway: Width of the pharynx relative to the average.
        benign_nodes: Centres and radii of lymph nodes without disease, (x, y, z) in mm.
    """

    girth: float
    fat: float
    gland: float
    muscle: float
    tongue_mm: float
    airway: float
    benign_nodes: tuple[tuple[Point, Point], ...]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Habitus:
        """Draw the habitus of a patient."""
        return cls(
            girth=rng.uniform(0.96, 1.08),
            fat=rng.uniform(0.7, 1.4),
            gland=rng.uniform(0.85, 1.12),
            muscle=rng.uniform(0.9, 1.12),
            tongue_mm=rng.uniform(-3, 3),
            airway=rng.uniform(0.85, 1.2),
            benign_nodes=tuple(_draw_benign_node(rng) for _ in range(rng.integers(5, 11))),
        )

    def after_three_weeks(self, rng: np.random.Generator) -> Habitus:
        """Draw the habitus of the same patient at mid-treatment: thinner, with smaller glands and a moved tongue."""
        return replace(
            self,
            girth=self.girth * rng.uniform(0.97, 1.0),
            fat=self.fat * rng.uniform(0.85, 1.0),
            gland=self.gland * rng.uniform(0.86, 0.96),
            tongue_mm=self.tongue_mm + rng.uniform(-2, 2),
            airway=self.airway * rng.uniform(0.9, 1.1),
        )


def _draw_benign_node(rng: np.random.Generator) -> tuple[Point, Point]:
    """Draw a small oval node beside the great vessels or behind the sternocleidomastoid."""
    z = rng.uniform(-55, 25)
    lateral, back = (rng.uniform(30, 44), rng.uniform(-8, 18)) if rng.random() < 0.7 else (46.0, rng.uniform(24, 34))
    short = rng.uniform(2.5, 4.5)
    radii = (short, short * rng.uniform(1.0, 1.4), short * rng.uniform(1.3, 2.2))
    return (lateral * rng.choice((-1.0, 1.0)), back, z), radii
