import sys

import pytest

from hnseg.cli import main


@pytest.fixture
def hnseg(monkeypatch, capsys):
    """Return a function that runs `hnseg rtstruct`: status, and what was printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["hnseg", "rtstruct", *map(str, arguments)])
        try:
            status = main()
        except SystemExit as ended:
            status = ended.code
        return status or 0, capsys.readouterr()

    return run
