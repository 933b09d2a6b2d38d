"""Choices that are not drawn, and in which the published perturbations may be left."""

from __future__ import annotations

from hnseg.records import Frozen
from hnseg.robustness.perturbations.motion import About
from hnseg.robustness.perturbations.spike import Reference


class Settings(Frozen):
    """Choices of the perturbations; the defaults are as published.

    Attributes:
        spike_reference: Measure of the coefficient that spikes refer to.
        spike_compound: Whether earlier spikes count for it.
        motion_about: Point that the patient turns about.
    """

    spike_reference: Reference = "real"
    spike_compound: bool = True
    motion_about: About = "origin"


AS_PUBLISHED = Settings()
"""Perturbations as TorchIO 0.20.4 computes them."""
