"""Kinds of perturbations by name, of which nothing need be imported to name them."""

from __future__ import annotations

from typing import Literal, get_args

Kind = Literal["motion", "ghosting", "spike", "bias", "noise", "blur"]
"""Kind of a perturbation."""

KINDS: tuple[Kind, ...] = get_args(Kind)
"""All kinds, in the order in which they were published."""
