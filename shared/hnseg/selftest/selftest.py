"""Self-test of the device that the networks would run on: about a minute, without a model or a network connection."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from hnseg.options import Device
from hnseg.selftest.checks import ON_GPU, ON_PROCESSOR, Sizes, checks
from hnseg.selftest.results import Row, SelfTest
from hnseg.version import __version__

MOUNTED = Path("/opt/ml/model")
"""Folder where the platform mounts a container's model."""
_DEMO = Path(__file__).parents[3] / "test_data" / "hnts_mrg" / "model"  # in the repository only


def run_selftest(
    device: Device = "auto",
    model: Path | None = None,
    *,
    sizes: Sizes | None = None,
    tell: Callable[[Row], None] = lambda _: None,
) -> SelfTest:
    """Test a device, and return a row for each check.

    Nothing is written but untrained models in a temporary folder.

    Args:
        device: Device; `auto` is the GPU if torch finds one.
        model: Model folder to test with; None for the mounted one, or else untrained ensembles.
        sizes: Sizes of the untrained ensembles and their images; None for those that fit the device.
        tell: Function that is called with each row when it is there.

    Raises:
        InputError: A GPU was asked for and there is none.
        ModelError: The model can't be used.
    """
    chosen = model or mounted_model()
    rows = []
    with TemporaryDirectory(prefix="hnseg-selftest-") as folder, _quiet_inference():
        found = torch.device("cuda" if device != "cpu" and (device == "cuda" or torch.cuda.is_available()) else "cpu")
        fitting = sizes or (ON_GPU if found.type == "cuda" else ON_PROCESSOR)
        demo = _DEMO if _DEMO.is_dir() else None
        each = checks(found, chosen, demo, Path(folder), fitting, wants_gpu=device != "cpu")
        for row in chain.from_iterable(each):
            tell(row)
            rows.append(row)
    return SelfTest(
        version=__version__,
        created=datetime.now(timezone.utc),
        device=found.type,
        model=str(chosen) if chosen else "untrained ensembles",
        rows=tuple(rows),
    )


def mounted_model(folder: Path = MOUNTED) -> Path | None:
    """Return the folder of the mounted model; None where nothing is mounted."""
    return folder if folder.is_dir() and any(folder.iterdir()) else None


@contextmanager
def _quiet_inference() -> Iterator[None]:
    """Keep the lines that each prediction logs out of the output, in which they would stand between the rows."""
    log = logging.getLogger("hnseg.inference")
    former = log.level
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(former)
