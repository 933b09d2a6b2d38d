"""Borda methods by name, found in the modules of the challenges."""

from __future__ import annotations

from hnseg.discovery import challenge_module, challenge_names
from hnseg.evaluation.ranking.borda.counts import BordaMethod
from hnseg.evaluation.scoring import CHALLENGES


def borda_methods() -> dict[str, BordaMethod]:
    """Return the Borda methods of all challenges by name; a challenge's module lists its own as `RANKINGS`.

    >>> list(borda_methods())
    ['hecktor-2025']
    """
    modules = [challenge_module(CHALLENGES, name) for name in challenge_names(CHALLENGES)]
    return {method.name: method for module in modules for method in getattr(module, "RANKINGS", ())}
