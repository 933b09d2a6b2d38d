"""One module a challenge, named as the challenge's folder: how the challenge itself scores, and how it ranks.

Each has a function `score(pairs: Iterable[Pair]) -> ScoreReport`. One whose score leaves choices open, such as which
year's rules hold, has a class `Options` as well, and `score(pairs, options)`: `hnseg.evaluation.options` says how. One
that ranks by numbers over all cases may have `RANKINGS`, a tuple of `hnseg.evaluation.ranking.borda.BordaMethod`.
Modules are found by name.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from hnseg.errors import InputError
from hnseg.evaluation.ranking.borda import BordaMethod


def names() -> list[str]:
    """Return the names of the challenges there are, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def module_of(challenge: str) -> ModuleType:
    """Return a challenge's module.

    Raises:
        InputError: There is none of this name.
    """
    if challenge not in names():
        raise InputError(f"The challenge to score must be one of {', '.join(names())}, found {challenge!r}.")
    return importlib.import_module(f"{__name__}.{challenge}")


def rankings() -> dict[str, BordaMethod]:
    """Return the challenges' rankings by the name of each."""
    methods = [method for name in names() for method in getattr(module_of(name), "RANKINGS", ())]
    return {method.name: method for method in methods}
