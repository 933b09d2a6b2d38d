"""Command `hnseg-train`: from a challenge's public data to the bundle that its container runs; one module a verb.

Verbs import torch, nnU-Net and the like inside their functions, so that `--help` needs none of them.
"""

from __future__ import annotations

import logging
import sys

from hnseg.cli.program import run_program

VERBS = ("try", "convert", "plan", "fit", "outcomes", "export", "calibrate")

EXAMPLES = (
    "hnseg-train convert hnts_mrg HNTSMRG24_train --output work",
    "hnseg-train plan hnts_mrg --work work",
    "hnseg-train fit hnts_mrg --work work",
    "hnseg-train export hnts_mrg --work work --output model",
)


def main() -> int:
    """Run the command line; 0 fine, 1 refused or failed with a sentence on stderr, 2 usage."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout)
    for package in ("hnseg", "hnseg_training"):  # nnU-Net's own libraries stay at warnings
        logging.getLogger(package).setLevel(logging.INFO)
    description = "From a challenge's public data to the weights that its container runs: convert, plan, fit, export."
    return run_program("hnseg-train", description, package=__name__, verbs=VERBS, of_all=EXAMPLES)
