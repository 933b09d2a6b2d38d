"""Folder of two cases that were clicked."""

from __future__ import annotations

import pytest

from tests.support.simulated_clicks import NONE, measures, write_record


@pytest.fixture
def clicked_folder(tmp_path):
    write_record(tmp_path, "a", [(measures(0.2, fp=2.0), NONE), (measures(0.6), NONE)], ignored=(1,))
    steps = [(measures(0.4, None), measures(0.5)), *[(measures(0.8), measures(0.5))] * 3]
    write_record(tmp_path, "b", steps, harmful=(2, 3))
    return tmp_path
