"""Tables printed for a person on a terminal, and as Markdown elsewhere."""

import sys

from hnseg.cli.printing import show_table
from hnseg.evaluation.tables import Table

TABLE = Table(headings=("team", "DSC"), rows=(("A", "0.81"),))


def test_into_a_pipe_goes_markdown(capsys):
    show_table(TABLE)
    assert capsys.readouterr().out == "| team | DSC |\n| --- | ---: |\n| A | 0.81 |\n\n"


def test_a_terminal_gets_it_drawn(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    show_table(TABLE)
    printed = capsys.readouterr().out
    assert "0.81" in printed
    assert "| ---" not in printed
