"""Device of a self-test: what is told of it, and a GPU that torch can't use."""

import torch

from hnseg.selftest import device
from hnseg.selftest.device import describe_device
from tests.support.pretended_gpu import PretendedGpu

GPU, CPU = torch.device("cuda"), torch.device("cpu")


def test_a_gpu_that_torch_has_code_for_is_right():
    with PretendedGpu(name="Tesla T4", capability=(7, 5), architectures=("sm_75", "sm_90")):
        row = describe_device(GPU)
    assert row.state == "right"
    assert row.found.startswith("Tesla T4, compute capability 7.5, 16.0 GiB, driver ")
    assert row.found.endswith("built for sm_75 sm_90.")


def test_a_gpu_that_torch_has_no_code_for_is_wrong_with_the_cure():
    with PretendedGpu(capability=(7, 5), architectures=("sm_80", "sm_90")):
        row = describe_device(GPU)
    assert row.state == "wrong"
    assert "must be built for the architecture sm_75" in row.cure


def test_a_processor_beside_a_gpu_that_can_t_be_used_is_wrong_unless_it_was_asked_for(monkeypatch):
    monkeypatch.setattr(device, "unusable_reason", lambda: "The driver is too old.")
    row = describe_device(CPU)
    assert (row.state, row.cure) == ("wrong", "The driver is too old.")
    assert describe_device(CPU, wants_gpu=False).state == "right"


def test_a_processor_is_described_with_torch():
    row = describe_device(CPU, wants_gpu=False)
    assert row.state == "right"
    assert torch.__version__ in row.found
    assert "threads" in row.found
