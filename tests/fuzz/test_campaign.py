"""Short campaign, always with the same seed: no input may have a fault, and every kind is tried."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_short_campaign_finds_no_fault(tmp_path):
    words = ["--count", "250", "--seed", "7", "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("FAULT")] == []
    assert done.returncode == 0, done.stderr
    rows = re.findall(
        r"^\| (.+?) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \| 0 \|$", (tmp_path / "table.md").read_text(), re.M
    )
    assert len(rows) == 12 + 6 + 2 + 1 + 1
    _, tried, accepted, refused = rows[-1]
    assert int(tried) == 334  # 250 cases, 50 models, 25 requests and 8 signals, each kind's share rounded
    assert int(accepted) > 50
    assert int(refused) > 50


@pytest.mark.slow
def test_a_fault_is_kept_with_its_input_and_ends_with_status_1(tmp_path):
    # A time limit of nothing makes every case a fault.
    words = ["--count", "100", "--seed", "7", "--kind", "TIFF", "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *words],
        cwd=ROOT,
        env=os.environ | {"HNSEG_PRECISION": "none"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "FAULT TIFF 0: status 2: " in done.stdout
    (kept,) = (tmp_path / "faults").glob("7-TIFF-0")
    assert (kept / "fault.txt").read_text().startswith(("hnts_mrg\nstatus 2", "han_seg\nstatus 2", "hecktor\nstatus 2"))
    assert list((kept / "input").rglob("image*"))
