import sys

import pytest

from hnseg import cli


def test_the_doctor_prints_a_table_and_ends_with_status_0(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["hnseg", "doctor"])
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(cli.main())
    assert ended.value.code == 0
    assert "| Python | yes | 3." in capsys.readouterr().out
