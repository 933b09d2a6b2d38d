"""Command `hnseg`: one module a verb."""

from __future__ import annotations

import logging
import sys

from hnseg.cli.program import run_program

VERBS = ("run", "predict", "rehearse", "score", "rank", "register", "phantom", "doctor", "selftest")


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    description = "nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy."
    return run_program("hnseg", description, package=__name__, verbs=VERBS)
