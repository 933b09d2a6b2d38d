"""Calibration of a model: a temperature a class, fitted on cases that the networks were not trained on.

A network's logits are divided by a temperature before they become probabilities: above 1 it is made less sure, below 1
surer. The temperature of a voxel is that of the class that is most probable there, so that no label changes.

Source: Guo et al., "On calibration of modern neural networks", ICML 2017, with a temperature a class.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hnseg.records import Frozen

LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.1, 10.0

PredictedBy = Literal["fold", "ensemble"]
"""Networks that predicted the cases which temperatures are fitted on."""
Temperature = Annotated[float, Field(ge=LEAST_TEMPERATURE, le=MOST_TEMPERATURE)]


class Calibration(Frozen):
    """Temperatures of a model's classes, and what they were fitted on."""

    temperatures: dict[str, Temperature]
    """Temperature of every class by its name, the background's too."""
    predicted_by: PredictedBy = "fold"
    """Networks that predicted the cases: of each the one fold that was not trained on it, or all folds, none of which
    was. In the second case the temperatures suit the mean of the folds, and in the first each fold alone."""
    cases: int = Field(ge=1)
    """Number of these cases."""
    voxels: int = Field(ge=1)
    """Number of voxels of these cases."""
    band_mm: float = Field(gt=0)
    """Distance from the surfaces of reference and prediction up to which voxels count, in mm."""
    ece_before: float = Field(ge=0, le=1)
    """Expected calibration error in this band without temperatures, in 15 bins of equal width."""
    ece_after: float = Field(ge=0, le=1)
    """The same with temperatures that were fitted on other cases."""
