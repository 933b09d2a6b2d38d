"""What the process may use of the machine, read from the kernel's files."""

import os
import resource
import subprocess
import sys
import time

import pytest

from hnseg import machine
from hnseg.machine import limit_gib


def test_the_peak_grows_with_what_is_used_and_stays():
    child = (
        "from hnseg.machine import peak_gib; before = peak_gib();"
        "block = bytearray(1 << 28); during = peak_gib(); del block; print(during - before, peak_gib() - before)"
    )
    grown = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout.split()
    assert [float(gib) for gib in grown] == pytest.approx([0.25, 0.25], abs=0.01)


def test_the_peak_is_the_processs_own_not_its_parents():
    block = bytearray(1 << 29)  # half a GiB here; the child has none of it
    child = [sys.executable, "-c", "from hnseg.machine import peak_gib; print(peak_gib())"]
    assert float(subprocess.run(child, capture_output=True, text=True, check=True).stdout) < 0.2
    assert len(block) == 1 << 29


@pytest.mark.parametrize("kind", [resource.RLIMIT_DATA, resource.RLIMIT_AS])
def test_a_limit_of_the_process_counts(kind):
    child = (
        "import resource; from hnseg.machine import limit_gib;"
        f"resource.setrlimit({kind}, (1 << 30, 1 << 30)); print(limit_gib())"
    )
    assert 1 < limit_gib() < 1e5
    assert float(subprocess.run([sys.executable, "-c", child], capture_output=True, check=True).stdout) == 1


@pytest.mark.parametrize(("quota", "threads"), [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1)])
def test_a_containers_quota_limits_threads(monkeypatch, tmp_path, quota, threads):
    (tmp_path / "cpu.max").write_text(quota)
    monkeypatch.setattr(machine, "_CGROUP_QUOTA_V2", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.usable_threads() == threads


@pytest.mark.parametrize(("quota", "threads"), [("300000", 3), ("-1", 8)])
def test_so_does_one_of_the_older_kind(monkeypatch, tmp_path, quota, threads):
    (tmp_path / "quota").write_text(f"{quota}\n")
    (tmp_path / "period").write_text("100000\n")
    monkeypatch.setattr(machine, "_CGROUP_QUOTA_V2", tmp_path / "none")
    monkeypatch.setattr(machine, "_CGROUP_QUOTA_V1", (tmp_path / "quota", tmp_path / "period"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.usable_threads() == threads


def test_without_a_quota_the_processors_that_may_be_used_count(monkeypatch, tmp_path):
    (tmp_path / "cpu.max").write_text("max 100000")
    monkeypatch.setattr(machine, "_CGROUP_QUOTA_V2", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert machine.usable_threads() == 3


def test_what_the_process_may_have_is_less_what_it_has():
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_DATA, (4 << 30, 4 << 30));"
        "from hnseg.machine import free_ram_gib; print(free_ram_gib()); kept = bytearray(1 << 30);"
        "print(free_ram_gib())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    assert after < before < 4
    assert before - after == pytest.approx(1, abs=0.1)


def test_the_processs_start_includes_what_came_before_the_import():
    program = (
        "import time; time.sleep(0.5);"
        "from hnseg.machine import process_started_s; print(time.monotonic() - process_started_s())"
    )
    age_s = float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)
    assert 0.5 < age_s < 30
    assert machine.process_started_s() < time.monotonic()
