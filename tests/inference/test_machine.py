"""What the machine gives, read from the kernel's files."""

import os
import subprocess
import sys

import pytest

from hnseg.inference import machine


@pytest.mark.parametrize(("quota", "threads"), [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1)])
def test_a_containers_quota_limits_threads(monkeypatch, tmp_path, quota, threads):
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(machine, "_QUOTA_V2", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.usable_processors() == threads


@pytest.mark.parametrize(("quota", "threads"), [("300000", 3), ("-1", 8)])
def test_so_does_one_of_the_older_kind(monkeypatch, tmp_path, quota, threads):
    (tmp_path / "quota").write_text(f"{quota}\n")
    (tmp_path / "period").write_text("100000\n")
    monkeypatch.setattr(machine, "_QUOTA_V2", tmp_path / "none")
    monkeypatch.setattr(machine, "_QUOTA_V1", (tmp_path / "quota", tmp_path / "period"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.usable_processors() == threads


def test_without_a_quota_the_processors_that_may_be_used_count(monkeypatch, tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000")
    monkeypatch.setattr(machine, "_QUOTA_V2", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert machine.usable_processors() == 3


def test_what_the_process_may_have_is_less_what_it_has():
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30));"
        "from hnseg.inference.machine import free_ram_gib; print(free_ram_gib()); kept = bytearray(1 << 30);"
        "print(free_ram_gib())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert after < before < 4
    assert before - after == pytest.approx(1, abs=0.1)
