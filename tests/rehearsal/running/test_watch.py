import os
import time

import pytest

from hnseg.rehearsal.machine import this_machine
from hnseg.rehearsal.running.container import statistics_of
from hnseg.rehearsal.running.watch import CgroupWatch, GpuWatch, StreamWatch, bytes_of, cgroup_of
from tests.support.gpu_files import write_nvidia_smi


def write(folder, **files):
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="ascii")


def test_a_control_group_of_version_2(tmp_path):
    write(tmp_path, memory__stat=f"anon {1 << 30}\nfile 500\nshmem {1 << 29}\n", memory__peak=str(3 << 30))
    watch = CgroupWatch(tmp_path)
    assert watch.sample() == (1 << 30) + (1 << 29)
    write(tmp_path, memory__stat="anon 1\nshmem 1\n")
    assert watch.sample() == 2
    peak = watch.peak()
    assert (peak.program_gib, peak.total_gib) == (1.5, 3.0)


def test_an_older_kernel_has_no_peak_and_is_sampled(tmp_path):
    write(tmp_path, memory__stat="anon 5\nshmem 0\n", memory__current=str(2 << 30))
    watch = CgroupWatch(tmp_path)
    watch.sample()
    write(tmp_path, memory__current=str(1 << 30))
    watch.sample()
    assert watch.peak().total_gib == 2


def test_a_control_group_of_version_1_counts_the_groups_below(tmp_path):
    stat = f"rss 1\nshmem 1\ntotal_rss {1 << 30}\ntotal_shmem {1 << 30}\ntotal_cache 7\n"
    write(tmp_path, memory__stat=stat, memory__max_usage_in_bytes=str(5 << 30))
    watch = CgroupWatch(tmp_path)
    watch.sample()
    assert (watch.peak().program_gib, watch.peak().total_gib) == (2.0, 5.0)


def test_a_group_that_is_gone_was_not_measured(tmp_path):
    watch = CgroupWatch(tmp_path / "gone")
    watch.sample()
    assert (watch.peak().program_gib, watch.peak().total_gib) == (None, None)


def test_this_process_is_in_no_containers_group():
    assert cgroup_of(os.getpid(), "0123456789abcdef") is None


@pytest.mark.parametrize(
    ("text", "count"), [("512B", 512), ("1.5KiB", 1536), ("2MiB", 2 << 20), ("1GiB", 1 << 30), ("3.5MB", 3.5e6)]
)
def test_bytes_of_what_engines_print(text, count):
    assert bytes_of(text) == count


def test_bytes_of_something_else():
    with pytest.raises(ValueError, match=r"must look like 1\.5GiB, found '--'"):
        bytes_of("--")


@pytest.mark.engine
def test_the_engines_own_statistics(engine):
    program = "import time; memory = bytearray(200 << 20); time.sleep(30)"
    container = engine.ask("run", "-d", "--network=none", "python:3.11-slim-bookworm", "python", "-c", program)
    try:
        watch = statistics_of(engine, container)
        time.sleep(6)
        peak = watch.peak()
    finally:
        engine.ask("rm", "--force", container)
    assert peak.total_gib == pytest.approx(0.2, abs=0.05)


def test_gpu_memory_is_what_was_added_on_all_gpus(tmp_path, monkeypatch):
    names = 'case "$1" in *name*) printf "Tesla T4, 15360\\nTesla T4, 15360\\n"; exit;; esac'
    samples = 'printf "100\\n200\\n1124\\n2248\\n100\\n200\\n"'  # it rises by 3 GiB and falls again
    write_nvidia_smi(tmp_path, monkeypatch, f'{names}; {samples}; : > "$0.printed"; sleep 60')
    watch = GpuWatch(gpus=2)
    while not (tmp_path / "nvidia-smi.printed").exists():
        time.sleep(0.05)
    assert watch.peak_gib() == pytest.approx(3.0, abs=0.01)
    assert [(gpu.name, gpu.memory_gib) for gpu in this_machine().gpus] == [("Tesla T4", 15.0)] * 2
    watch.stream.end()


def test_a_gpus_memory_before_the_program_starts_is_sampled_before_it_starts(tmp_path, monkeypatch):
    # 500 MiB are in use, then a program of 400 MiB of arrays and 300 MiB of context, as soon as it is let start.
    started = tmp_path / "started"
    loop = f"while sleep 0.05; do if [ -e {started} ]; then echo 1200; else echo 500; fi; done"
    write_nvidia_smi(tmp_path, monkeypatch, f"sleep 0.5; echo 500; {loop}")
    watch = GpuWatch(gpus=1)
    started.touch()
    until = time.monotonic() + 20
    while watch.peak_gib() == 0 and time.monotonic() < until:
        time.sleep(0.02)
    watch.stream.end()
    assert watch.peak_gib() == pytest.approx(700 / 1024)


def test_without_a_sample_the_gpus_memory_is_not_known(tmp_path, monkeypatch):
    write_nvidia_smi(
        tmp_path, monkeypatch, 'echo "Failed to initialize NVML: Driver/library version mismatch"; exit 18'
    )
    assert GpuWatch(gpus=1).peak_gib() is None


def test_lines_that_are_read_while_a_command_writes_are_whole():
    watch = StreamWatch(["sh", "-c", "seq 20000"])
    while not watch.has_ended:
        watch.lines()
    assert watch.lines() == [str(number) for number in range(1, 20001)]
