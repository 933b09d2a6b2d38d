import pytest

from hnseg.cohort.settings import RunSettings, gpus_of, shard_of
from hnseg.errors import InputError


def test_a_shard_is_read():
    assert shard_of("3/20") == (3, 20)


@pytest.mark.parametrize("text", ["", "3", "0/20", "21/20", "1/0", "-1/3", "a/b", "1/2/3"])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(InputError, match="as in 3/20"):
        shard_of(text)


@pytest.mark.parametrize(
    ("visible", "text", "found"),
    [("", "0,1", ("0", "1")), ("4,7", "all", ("4", "7")), ("4,7", "1", ("7",)), ("GPU-a,GPU-b", "0", ("GPU-a",))],
)
def test_gpus_count_among_the_visible_ones(monkeypatch, visible, text, found):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpus_of(text) == found


@pytest.mark.parametrize(
    ("visible", "text", "said"),
    [
        ("", "all", "none is found here"),
        ("4,7", "2", "there are 2 here"),
        ("", "0,0", "different numbers"),
        ("", "x", "'x'"),
    ],
)
def test_gpus_that_are_not_there_are_refused(monkeypatch, visible, text, said):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    with pytest.raises(InputError, match=said):
        gpus_of(text)


def test_there_is_one_worker_a_gpu_else_one():
    assert RunSettings().number_of_workers == 1
    assert RunSettings(gpus=("0", "3")).number_of_workers == 2
    assert RunSettings(gpus=("0", "3"), workers=1).number_of_workers == 1


def test_settings_that_do_not_go_together_are_refused():
    with pytest.raises(InputError, match="3 workers and 1 GPUs"):
        RunSettings(gpus=("0",), workers=3)
    with pytest.raises(InputError, match="scheduler gives each job its own"):
        RunSettings(gpus=("0",), on="slurm")
