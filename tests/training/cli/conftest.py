"""The command `hnseg-train`, run in this process."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator

import pytest

from hnseg_training.cli import main


@pytest.fixture
def run(monkeypatch, capsys) -> Iterator[Callable[..., tuple[int, str]]]:
    """Run hnseg-train and return its status and what it wrote to stderr."""

    def run_with(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["hnseg-train", *map(str, arguments)])
        try:
            status = main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, capsys.readouterr().err

    yield run_with
    for package in ("hnseg", "hnseg_training"):
        logging.getLogger(package).setLevel(logging.NOTSET)
