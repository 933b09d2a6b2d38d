from pathlib import Path

import pytest

from hnseg.cli.options.cohort import JobOptions, WorkerOptions
from hnseg.cohort.settings import JobSettings, RunSettings
from hnseg.errors import InputError


def test_settings_are_made_of_the_workers_options(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,4")
    options = WorkerOptions(workers=1, gpus="1", shard="2/5", retry_failed=True)
    assert options.settings(limit_s=60) == RunSettings(
        workers=1, gpus=("4",), shard=(2, 5), retry_failed=True, limit_s=60
    )
    assert WorkerOptions().settings() == RunSettings()


def test_what_can_not_be_read_is_refused():
    with pytest.raises(InputError, match="A shard must be a number"):
        WorkerOptions(shard="5").settings()


def test_settings_of_a_job_are_made_of_its_options():
    options = JobOptions("gpu", "physics", "01:00:00", 4, "16GB", ["--gres=gpu:1"], Path("spec.yaml"))
    assert options.settings() == JobSettings(
        "gpu", "physics", "01:00:00", 4, "16GB", ("--gres=gpu:1",), Path("spec.yaml")
    )
    assert JobOptions().settings() == JobSettings()
