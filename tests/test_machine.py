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


@pytest.fixture
def groups(monkeypatch, tmp_path):
    """Return a function that makes control groups: files by path, and the table of those this process is in."""
    monkeypatch.setattr(machine, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(machine, "_OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))

    def make(own, **files):
        (tmp_path / "own").write_text(own)
        for name, content in files.items():
            path = tmp_path / "cgroup" / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)

    return make


@pytest.mark.parametrize(("quota", "threads"), [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1)])
def test_a_containers_quota_limits_threads(groups, quota, threads):
    groups("0::/\n", cpu_dot_max=quota)
    assert machine.usable_threads() == threads


@pytest.mark.parametrize(("quota", "threads"), [("300000", 3), ("-1", 8)])
def test_so_does_one_of_the_older_kind(groups, quota, threads):
    groups("5:cpu,cpuacct:/\n", **{"cpu__cpu_dot_cfs_quota_us": quota, "cpu__cpu_dot_cfs_period_us": "100000\n"})
    assert machine.usable_threads() == threads


@pytest.mark.parametrize("own", ["0::/\n", "", "0::/../other\n", "0::/gone\n", "nonsense\n"])
def test_without_a_quota_the_processors_that_may_be_used_count(groups, monkeypatch, own):
    groups(own, cpu_dot_max="max 100000")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert machine.usable_threads() == 3


@pytest.mark.parametrize("limited", ["a__b__", "a__", ""])
def test_a_limit_of_any_group_above_the_own_holds(groups, limited):
    files = {"a__b__memory_dot_max": "max", "a__b__cpu_dot_max": "max 100000"}
    groups(
        "0::/a/b\n", **(files | {f"{limited}memory_dot_max": "1073741824\n", f"{limited}cpu_dot_max": "50000 10000"})
    )
    assert machine.limit_gib() == 1
    assert machine.usable_threads() == 5


@pytest.mark.parametrize("limited", ["memory__docker__x__", "memory__docker__", "memory__"])
def test_so_does_one_of_a_group_of_the_older_kind(groups, limited):
    groups(
        "9:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n0::/\n",
        **{f"{limited}memory_dot_limit_in_bytes": "1073741824"},
    )
    assert machine.limit_gib() == 1


def test_a_group_that_may_not_be_read_has_no_limit(groups, tmp_path):
    groups("0::/a\n")
    (tmp_path / "cgroup/a/memory.max").mkdir(parents=True)
    assert machine.limit_gib() > 1


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
