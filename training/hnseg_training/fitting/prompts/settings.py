"""Settings of a training with clicks: how they are encoded, where simulated ones lie, and in which patches."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, PositiveFloat

from hnseg.imaging.prompts.encoding import PromptEncoding
from hnseg.records import Frozen
from hnseg_training.dataset.augmentation import Probability

Stage = Literal["pretrain", "automatic", "interactive"]
STAGES: tuple[Stage, ...] = ("pretrain", "automatic", "interactive")
"""Stages in the order in which a network goes through them; each goes on from the weights of the one before."""


class PromptTraining(Frozen):
    """Settings of simulated clicks; the defaults are HN-UISeg's where its authors state them.

    They leave open where in a component a click lies, where a negative click of the first stage does, and how many
    errors of a patch are clicked on.
    """

    encoding: PromptEncoding
    """Encoding of the clicks, as inference draws them too."""
    active: Probability = 0.5
    """Probability that a patch of the first stage has clicks: a positive one in each component of each structure, and
    as many negative ones outside the structure."""
    placement: Literal["interior", "deepest"] = "interior"
    """Place in a component: a random voxel, with a probability of exp(depth in mm) - 1, or the deepest one."""
    greatest_depth_mm: PositiveFloat = 10.0
    """Depth from which on all voxels of a component are equally probable."""
    near: Probability = 0.5
    """Probability that a negative click of the first stage lies near the structure or in another one; the others lie
    anywhere in the body."""
    near_mm: PositiveFloat = 10.0
    """Distance from the structure up to which a voxel lies near it."""
    left_out: Probability = 0.0
    """Largest share of the clicks of a patch that is left out; each patch's is drawn uniformly from 0 to this."""
    smallest_error_voxels: Annotated[int, Field(ge=1)] = 5
    """Number of voxels below which an error is not clicked on."""
    most_errors: Annotated[int, Field(ge=1)] = 5
    """Number of errors of a structure in a patch that are clicked on, those of greatest depth."""
    measured: Annotated[int, Field(ge=1)] | None = None
    """Number of validation cases that are measured with clicks after a stage; None for all."""
    without: Probability = 0.25
    """Probability that a patch of the interactive stage has no clicks, so that the network stays able to do without."""
