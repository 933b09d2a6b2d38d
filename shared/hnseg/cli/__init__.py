"""Command `hnseg`: one module a verb."""

from __future__ import annotations

import logging
import sys

from hnseg.cli.program import run_program
from hnseg.provenance import warnings_on_stderr

VERBS = (
    "run",
    "cohort",
    "predict",
    "refine",
    "rehearse",
    "simulate-clicks",
    "score",
    "rank",
    "robustness",
    "grade",
    "register",
    "perturb",
    "dose-paint",
    "dicom",
    "rtstruct",
    "seg",
    "phantom",
    "doctor",
    "selftest",
)

EXAMPLES = ("hnseg doctor", "hnseg rehearse containers/hnts_mrg", "hnseg rehearse --help", "hnseg --install-completion")


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    handlers = [logging.StreamHandler(sys.stdout), warnings_on_stderr()]
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=handlers)
    description = "nnU-Net ensembles as Grand Challenge containers for head-and-neck radiotherapy."
    return run_program("hnseg", description, package=__name__, verbs=VERBS, of_all=EXAMPLES)
