"""Provenance of one case: versions, measured facts, notes, times and memory.

Nothing in it names a patient: inputs appear as the slug of their socket and a checksum.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hnseg.machine import peak_gib
from hnseg.progress.watcher import ProgressLog, Watcher
from hnseg.version import __version__

logger = logging.getLogger(__name__)

_PACKAGES = ("torch", "openvino", "onnxruntime", "dynamic-network-architectures", "SimpleITK", "numpy", "scipy")


class Provenance:
    """Provenance of one case, collected while it runs; each event is also a line of the log.

    Attributes:
        progress: Watcher that tells how far the case is.
    """

    def __init__(self, started_s: float | None = None, progress: Watcher | None = None) -> None:
        """Begin the record of a case.

        Args:
            started_s: Time, on the clock of `time.monotonic`, from which the case's time counts; None for now.
            progress: Watcher that tells how far the case is; None for lines of the log.
        """
        self.progress: Watcher = ProgressLog() if progress is None else progress
        self._values: dict[str, Any] = {}
        self._notes: list[str] = []
        self._stages_s: dict[str, float] = {}
        self._started_s = time.monotonic() if started_s is None else started_s

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step, of which its progress tells; when it ends without an error, keep and log its seconds.

        Args:
            name: Name of the step, a key of `stages_s`.
        """
        started_s = time.monotonic()
        with self.progress.step(name):
            yield
        self._stages_s[name] = round(time.monotonic() - started_s, 3)
        logger.info("%s: %.1f s, peak memory %.2f GiB", name, self._stages_s[name], peak_gib())

    def note(self, *sentences: str) -> None:
        """Keep and log sentences for the reader: what was decided, left out or done instead.

        A program reads the facts that `record` keeps, never these sentences.
        """
        self._notes.extend(sentences)
        for sentence in sentences:
            logger.info("note: %s", sentence)

    def record(self, **values: Any) -> None:
        """Keep values under their names; a value that JSON has no form for is kept as its text."""
        self._values.update(values)

    def as_json(self) -> str:
        """Return the provenance as one line of JSON.

        Keys: `versions`, the names of `record`, `notes`, `stages_s` (seconds of each step), `total_s` (seconds since
        the case's start: in a container that runs once, that of its process), `peak_memory_gib`.
        """
        return json.dumps(
            {
                "versions": _versions(),
                **self._values,
                "notes": self._notes,
                "stages_s": self._stages_s,
                "total_s": round(time.monotonic() - self._started_s, 3),
                "peak_memory_gib": round(peak_gib(), 3),
            },
            default=str,
        )


def warnings_on_stderr() -> logging.Handler:
    """Return the log's handler that writes hnseg's own warnings to stderr, a line each, and those of no library."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(logging.WARNING)
    handler.addFilter(logging.Filter("hnseg"))
    return handler


def _versions() -> dict[str, str]:
    own = {"hnseg": __version__, "python": platform.python_version()}
    return own | {package: _version_of(package) for package in _PACKAGES}


def _version_of(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
