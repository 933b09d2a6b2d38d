"""Search for nnU-Net's trainers, as each of its commands makes it: every module of trainers is imported.

A package that one trainer needs is missed by all of nnU-Net's commands, whichever trainer they are to find. The search
runs in a process of its own, since it imports nnU-Net, which the core does without.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from hnseg.printable import printable

# A name that no module has is searched for in all of them (nnunetv2.utilities.find_objects, version 2.8.1).
_PROGRAM = """
import json, pkgutil, sys, traceback
from os.path import join

def searched():
    try:
        import nnunetv2
        from nnunetv2.utilities.find_class_by_name import recursive_find_python_class
        folder, package = join(nnunetv2.__path__[0], "training", "nnUNetTrainer"), "nnunetv2.training.nnUNetTrainer"
        recursive_find_python_class(folder, "no trainer's name", package, nnunetv2.__path__[0])
    except ModuleNotFoundError as error:
        return {"missing": error.name}
    except Exception as error:
        return {"failure": f"{type(error).__name__}: {error}".splitlines()[0]}
    return {"modules": sum(name.startswith(package + ".") for name in sys.modules)}

print()
print(json.dumps(searched()))
"""


@dataclass(frozen=True)
class TrainerSearch:
    """Outcome of a search for trainers.

    Attributes:
        modules: Number of modules of trainers that were imported; 0 where the search failed.
        missing: Name of a module that is not installed; empty where none is missing.
        failure: Error that ended the search otherwise, on one line; empty where none did.
    """

    modules: int = 0
    missing: str = ""
    failure: str = ""


@cache
def search_trainers() -> TrainerSearch:
    """Return the outcome of nnU-Net's own search; takes five seconds the first time."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    last_line = done.stdout.rstrip().rpartition("\n")[2]
    try:
        return TrainerSearch(**json.loads(last_line))
    except (ValueError, TypeError):
        error = done.stderr.strip().rpartition("\n")[2]
        return TrainerSearch(failure=printable(error) or f"Python ended with status {done.returncode}")
