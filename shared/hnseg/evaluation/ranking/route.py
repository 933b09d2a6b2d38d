"""Ranking methods by name: pairwise tests of significance, or the Borda counts that a challenge's module defines."""

from __future__ import annotations

from hnseg.discovery import challenge_module, challenge_names
from hnseg.evaluation.ranking.borda.counts import BordaMethod
from hnseg.evaluation.scoring import CHALLENGES


def borda_methods() -> dict[str, BordaMethod]:
    """Borda methods of all challenges, by the name of each; a challenge lists its own as `RANKINGS`."""
    modules = [challenge_module(CHALLENGES, name) for name in challenge_names(CHALLENGES)]
    return {method.name: method for module in modules for method in getattr(module, "RANKINGS", ())}
