"""Modules of a challenge by its name: the one way in which scoring, phantoms and training find a challenge's part.

Each of these packages holds one module or subpackage a challenge, named as its folder under `containers/`; adding one
there is all it takes. `hnseg.platform.challenge` loads the folder under `containers/` itself.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from types import ModuleType

from hnseg.errors import InputError


def challenge_names(package: str) -> list[str]:
    """Names of the challenges that a package has a module for, sorted.

    Args:
        package: Dotted name of a package with one module a challenge, such as `hnseg.phantom.challenges`.

    >>> challenge_names("hnseg.evaluation.challenges")
    ['han_seg', 'hecktor', 'hn_uiseg', 'hnts_mrg', 'recurrence']
    """
    return sorted(module.name for module in pkgutil.iter_modules(importlib.import_module(package).__path__))


def challenge_module(package: str, challenge: str, part: str = "") -> ModuleType:
    """Module of a challenge in a package.

    Args:
        package: Dotted name of a package with one module a challenge.
        challenge: Name of the challenge's folder, such as `hnts_mrg`.
        part: Module inside the challenge's own subpackage, such as `convert`; empty for the challenge's module itself.

    Raises:
        InputError: The package has no module for this challenge, or the challenge has not this part.
    """
    names = challenges_with(package, part) if part else challenge_names(package)
    if challenge not in names:
        raise InputError(f"CHALLENGE must be one of {', '.join(names)}, found {challenge!r}. Is it misspelt?")
    return importlib.import_module(".".join(filter(None, (package, challenge, part))))


def challenges_with(package: str, part: str) -> list[str]:
    """Names of the challenges whose subpackage has a module of this name, sorted.

    Args:
        package: Dotted name of a package with one subpackage a challenge, such as `hnseg_training.challenges`.
        part: Name of the module, such as `outcomes`.
    """
    names = challenge_names(package)
    return [name for name in names if _is_package(f"{package}.{name}") and _exists(f"{package}.{name}.{part}")]


def _is_package(module: str) -> bool:
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.submodule_search_locations is not None


def _exists(module: str) -> bool:
    return importlib.util.find_spec(module) is not None
