"""Work that is done on every case of a cohort, described so that a process on any machine can load it once."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hnseg.cohort.case import CohortCase
from hnseg.records import Frozen

Facts = Mapping[str, Any]
"""Values on one case, such as JSON can hold; kept in its status."""

Work = Callable[[CohortCase, Path], Facts]
"""Function that works on a case and leaves its outputs in an empty folder, which may have subfolders."""


class WorkReference(Frozen):
    """Description of some work: the function that loads it, and what that is given."""

    loader: str
    """Module and function that return the `Work`, such as `hnseg.cohort.challenge_work:load`."""
    parameters: dict[str, Any]
    """Keyword arguments of that function, such as JSON can hold."""
    identity: dict[str, Any]
    """Values that the outputs depend on: settings, and checksums of the model's files. Where they change, every case
    is done again."""

    @property
    def sha256(self) -> str:
        """Checksum of the loader's name and the identity."""
        text = json.dumps([self.loader, self.identity], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def load(self) -> Work:
        """Import the loader and return the work, with whatever it keeps between cases, such as an ensemble.

        Raises:
            HnsegError: The parameters, such as a model folder, can't be used.
        """
        module, _, function = self.loader.partition(":")
        work: Work = getattr(importlib.import_module(module), function)(**self.parameters)
        return work
