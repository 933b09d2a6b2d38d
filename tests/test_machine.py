"""What the process may use of the machine, read from the kernel's files."""

import os
import resource
import subprocess
import sys
import time

import pytest

from hnseg import machine
from hnseg.machine import limit_gib
from tests.support.control_groups import write_control_groups


def test_the_peak_grows_with_what_is_used_and_stays():
    child = (
        "from hnseg.machine import peak_gib; before = peak_gib();"
        "block = bytearray(1 << 28); during = peak_gib(); del block; print(during - before, peak_gib() - before)"
    )
    grown = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout.split()
    assert [float(gib) for gib in grown] == pytest.approx([0.25, 0.25], abs=0.01)


def test_memory_that_was_freed_below_a_block_in_use_goes_back_to_the_system():
    child = (
        "from hnseg.machine import give_back_freed_memory, _field_gib, _STATUS;"
        "blocks = [bytearray(b'1' * (1 << 16)) for _ in range(2048)]; last = bytearray(b'1' * (1 << 16)); del blocks;"
        "before = _field_gib(_STATUS, 'VmRSS'); give_back_freed_memory(); print(before - _field_gib(_STATUS, 'VmRSS'))"
    )
    found = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout
    assert float(found) > 0.1  # of 0.125 GiB


def test_the_peak_can_count_anew():
    child = (
        "from hnseg.machine import forget_peak, peak_gib; before = peak_gib(); block = bytearray(1 << 28); del block;"
        "forget_peak(); print(peak_gib() - before)"
    )
    found = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True).stdout
    assert float(found) < 0.05


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


@pytest.mark.parametrize(
    ("quota", "threads"), [("200000 100000", 2), ("150000 100000", 1), ("50000 100000", 1), ("max 100000", 8)]
)
def test_a_containers_quota_limits_threads(monkeypatch, tmp_path, quota, threads):
    root = write_control_groups(tmp_path, {"/sys/fs/cgroup": {"cpu.max": quota}})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert machine.usable_threads(root) == threads


def test_the_processors_that_may_be_used_count_where_the_quota_is_larger(monkeypatch, tmp_path):
    root = write_control_groups(tmp_path, {"/sys/fs/cgroup": {"cpu.max": "600000 100000"}})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert machine.usable_threads(root) == 3
    assert machine.usable_threads(tmp_path / "none") == 3


def test_a_containers_memory_counts_where_it_is_less_than_the_machines(tmp_path):
    assert limit_gib(write_control_groups(tmp_path / "a", {"/sys/fs/cgroup": {"memory.max": str(1 << 29)}})) == 0.5
    without = limit_gib(tmp_path / "none")
    assert limit_gib(write_control_groups(tmp_path / "b", {"/sys/fs/cgroup": {"memory.max": str(1 << 60)}})) == without


HARD = "import resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (2 << 30, 3 << 30));"


@pytest.mark.parametrize(
    ("limits", "asked", "given"),
    [
        ("", "1 << 30", 1 << 30),
        ("", "1e30", sys.maxsize),
        ("", "float('inf')", sys.maxsize),
        ("", "0", 0),
        (HARD, "1 << 30", 1 << 30),
        (HARD, "4 << 30", 2 << 30),
        (HARD, "float('inf')", 2 << 30),
    ],
)
def test_a_limit_on_data_is_never_raised(limits, asked, given):
    child = f"{limits}from hnseg.machine import data_limit_bytes; print(data_limit_bytes({asked}))"
    assert int(subprocess.run([sys.executable, "-c", child], capture_output=True, check=True).stdout) == given


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
    before_s = time.monotonic()
    age_s = float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)
    assert 0.5 < age_s <= time.monotonic() - before_s + 1 / os.sysconf("SC_CLK_TCK")
    assert machine.process_started_s() < time.monotonic()


@pytest.mark.parametrize(
    ("error", "is_exhausted"),
    [
        (MemoryError(), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("std::bad_alloc"), True),
        (ImportError("libtorch.so: failed to map segment from shared object"), True),
        (ImportError("_SimpleITK.abi3.so: cannot map zero-fill pages"), True),
        (ImportError("No module named 'monai'"), False),
        (RuntimeError("size mismatch"), False),
    ],
)
def test_errors_that_mean_too_little_memory_are_known(error, is_exhausted):
    assert machine.is_exhausted(error) == is_exhausted


@pytest.mark.parametrize(("value", "text"), [(None, "-"), (1.234, "1.23 GiB"), (0.1, "0.10 GiB"), (0.0625, "64 MiB")])
def test_memory_under_a_tenth_of_a_gib_is_in_mib(value, text):
    assert machine.in_gib(value) == text
