"""Case of a cohort: its name and its files, found and not yet opened."""

from __future__ import annotations

from hnseg.platform.input_files import InputFiles
from hnseg.records import Frozen


class CohortCase(Frozen):
    """Case of a cohort, such as travels to the worker that runs it."""

    name: str
    """Name that is unique in the cohort and can be a folder's name."""
    inputs: InputFiles
    """Files by the slug of their socket, or by the name of their channel."""
    problem: str = ""
    """Sentence on why it can't be run, such as a missing image; empty for none."""
