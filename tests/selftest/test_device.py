import pytest
import torch

from hnseg.selftest.device import describe_device, driver_version, judge_gpu, runs_on

T4 = (7, 5)


@pytest.mark.parametrize(
    ("architectures", "capability", "runs"),
    [
        (["sm_50", "sm_75", "sm_90"], T4, True),
        (["sm_70"], T4, True),
        (["sm_80", "sm_90"], T4, False),
        (["sm_86"], (8, 0), False),
        (["sm_90a"], (9, 0), False),
        (["sm_90", "compute_90"], (12, 0), True),
        (["sm_100", "sm_120"], (12, 0), True),
        ([], T4, False),
    ],
)
def test_a_build_runs_on_its_own_generation_and_from_intermediate_code_on_newer_ones(architectures, capability, runs):
    assert runs_on(architectures, capability) is runs


def test_a_card_that_is_not_among_the_builds_is_wrong_with_the_cure():
    row = judge_gpu("Tesla T4", T4, ["sm_80", "sm_90"], "14.6 GiB")
    assert row.state == "wrong"
    assert "built for sm_80 sm_90; this card is not among them" in row.found
    assert "sm_75" in row.cure


def test_a_card_that_is_among_them_is_right():
    assert judge_gpu("Tesla T4", T4, ["sm_75"], "14.6 GiB").state == "right"


def test_the_driver_is_read_from_the_kernels_module(tmp_path):
    path = tmp_path / "version"
    path.write_text("NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.183.01  Sun May 12 19:39:15 UTC 2024\n")
    assert driver_version(path) == "535.183.01"
    path.write_text("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n")
    assert driver_version(path) == "570.86.15"
    assert driver_version(tmp_path / "missing") == "unknown"


def test_a_processor_is_described_with_torch():
    row = describe_device(torch.device("cpu"))
    assert row.state == "right"
    assert torch.__version__ in row.found
    assert "threads" in row.found
