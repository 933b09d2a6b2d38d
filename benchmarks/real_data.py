"""Folder of the real volumes: the one that HNSEG_REAL_DATA names, else one beside the checkout."""

import os
from pathlib import Path

VARIABLE = "HNSEG_REAL_DATA"


def real_data_dir() -> Path:
    """Return the folder of the real volumes, which need not exist."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
