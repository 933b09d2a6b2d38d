import pytest

from hnseg.rehearsal.machine import Gpu, this_machine


def test_this_machine_has_processors_and_memory():
    machine = this_machine()
    assert machine.cpus > 0
    assert machine.ram_gib > 0.5
    assert machine.cpu


def fake_nvidia_smi(folder, monkeypatch, script):
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_gpus_are_those_that_nvidia_smi_lists_with_their_memory_in_gib(tmp_path, monkeypatch):
    fake_nvidia_smi(tmp_path, monkeypatch, r'printf "Tesla T4, 15360\nA, B, 2048\n"')  # MiB; a name may hold a comma
    assert this_machine().gpus == (Gpu("Tesla T4", 15.0), Gpu("A, B", 2.0))


@pytest.mark.parametrize("script", ["exit 9", "exit 0"])
def test_without_a_working_driver_there_is_no_gpu(tmp_path, monkeypatch, script):
    fake_nvidia_smi(tmp_path, monkeypatch, script)
    assert this_machine().gpus == ()
