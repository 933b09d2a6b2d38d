"""Usability of a GPU: what the kernel's files say, and the reason why torch can't use one, by the facts."""

from dataclasses import replace

import pytest
import torch

from hnseg.inference.gpu import (
    GPU_IMAGE,
    KernelFacts,
    TorchFacts,
    kernel_facts,
    runs_on,
    torch_facts,
    unusable_reason,
)
from tests.support.gpu_files import DRIVER_LINE, write_gpu_files
from tests.support.pretended_gpu import PretendedGpu

CARD = KernelFacts(device_files=("/dev/nvidia0",), driver="580.65.06", cards=1)
BLIND = TorchFacts("2.13.0+cu130", "13.0")
T4 = replace(BLIND, finds_gpu=True, gpu="Tesla T4", capability=(7, 5))
WHEEL = ("sm_75", "sm_80", "sm_86", "sm_90", "sm_100", "sm_120", "compute_120")
"""Architectures of torch's builds for CUDA 13.0 (RELEASE.md of pytorch/pytorch, 2.12 and 2.13)."""


def test_the_kernels_files_tell_devices_driver_and_cards(tmp_path):
    names = ("nvidia1", "nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-caps", "null")
    write_gpu_files(tmp_path, devices=names, driver_line=DRIVER_LINE.format("535.54.03"), cards=2)
    facts = kernel_facts(tmp_path, {"CUDA_VISIBLE_DEVICES": "1"})
    assert facts.device_files == ("/dev/nvidia0", "/dev/nvidia1")
    assert (facts.driver, facts.cards, facts.visible, facts.has_gpu) == ("535.54.03", 2, "1", True)


@pytest.mark.parametrize(
    ("line", "driver"),
    [
        (DRIVER_LINE.format("470.256.02"), "470.256.02"),
        (
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (dvs@builder)",
            "580.65.06",
        ),
        ("NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  615.10  Release Build", "615.10"),
        ("NVRM version: something else", ""),
    ],
)
def test_the_drivers_version_is_in_the_first_line_of_its_file(tmp_path, line, driver):
    assert kernel_facts(write_gpu_files(tmp_path, driver_line=line), {}).driver == driver


@pytest.mark.parametrize(
    ("tree", "has_gpu"),
    [
        ({}, False),
        ({"devices": ["nvidiactl"]}, False),
        ({"devices": ["nvidia0"]}, True),
        ({"driver_line": DRIVER_LINE.format("535.54.03")}, True),
        ({"driver_line": DRIVER_LINE.format("535.54.03"), "cards": 1}, True),
        ({"driver_line": DRIVER_LINE.format("535.54.03"), "cards": 0}, False),
    ],
)
def test_a_gpu_is_there_by_its_device_file_or_its_driver(tmp_path, tree, has_gpu):
    facts = kernel_facts(write_gpu_files(tmp_path, **tree), {})
    assert facts.has_gpu == has_gpu
    assert (unusable_reason(facts, BLIND) is not None) == has_gpu


@pytest.mark.parametrize(
    ("kernel", "torch_says", "words"),
    [
        ({}, {"version": "2.13.0+cpu", "cuda": None}, ("torch 2.13.0+cpu is built without it", GPU_IMAGE)),
        ({"device_files": ()}, {}, ("The driver 580.65.06 is loaded, but", "without --gpus all")),
        ({"visible": "-1"}, {}, ("CUDA_VISIBLE_DEVICES must name a GPU, but it is '-1', which hides all",)),
        ({"driver": ""}, {}, ("the device file /dev/nvidia0, but no driver is loaded", "nvidia-smi")),
        ({"has_library": False}, {}, ("libcuda.so.1 can't be loaded", "NVIDIA_DRIVER_CAPABILITIES without compute")),
        ({}, {"error": "CUDA unknown error."}, ("finds no GPU. torch says: CUDA unknown error. Does nvidia-smi",)),
        ({}, {}, ("torch 2.13.0+cu130 for CUDA 13.0 finds no GPU. Does nvidia-smi list it",)),
    ],
)
def test_each_cause_has_its_sentence_with_the_cure(kernel, torch_says, words):
    reason = unusable_reason(replace(CARD, **kernel), replace(BLIND, **torch_says))
    assert [part for part in words if part not in reason] == []


@pytest.mark.parametrize(
    ("cuda", "too_old", "new_enough"),
    [("11.8", "450.80.01", "450.80.02"), ("12.6", "525.60.12", "525.60.13"), ("13.0", "575.57.08", "580.65.06")],
)
def test_a_driver_older_than_torchs_cuda_needs_is_named_with_what_it_must_be(cuda, too_old, new_enough):
    build = replace(BLIND, cuda=cuda)
    reason = unusable_reason(replace(CARD, driver=too_old), build)
    assert (
        f"is built for CUDA {cuda}, whose driver must be {new_enough} or newer, but the driver here is {too_old}"
        in reason
    )
    assert f"BASE_IMAGE={GPU_IMAGE}, whose driver must be 525.60.13 or newer." in reason
    assert "finds no GPU" in unusable_reason(replace(CARD, driver=new_enough), build)


def test_of_a_cuda_that_is_not_known_torchs_own_words_are_said():
    assert "finds no GPU. torch says: Too old." in unusable_reason(CARD, replace(BLIND, cuda="14.0", error="Too old"))


@pytest.mark.parametrize("visible", ["", "-1", "1", "1,0", "none"])
def test_a_variable_hides_all_gpus_where_its_first_word_is_none_of_them(visible):
    assert "CUDA_VISIBLE_DEVICES" in unusable_reason(replace(CARD, visible=visible), BLIND)


@pytest.mark.parametrize("visible", [None, "0", "0,7", " 0", "GPU-3b4c", "MIG-11"])
def test_a_variable_that_names_a_gpu_hides_none(visible):
    assert "CUDA_VISIBLE_DEVICES" not in unusable_reason(replace(CARD, visible=visible), BLIND)


@pytest.mark.parametrize(
    ("architectures", "capability", "runs"),
    [
        (WHEEL, (7, 5), True),
        (WHEEL, (8, 9), True),  # sm_86 runs on a later card of its major version
        (WHEEL, (7, 0), False),
        (WHEEL, (12, 1), True),
        (WHEEL, (13, 0), True),  # PTX runs on every later card
        (("sm_80",), (8, 6), True),
        (("sm_86",), (8, 0), False),
        (("sm_80", "sm_90"), (7, 5), False),
        (("sm_50",), (7, 5), False),
        (("compute_70",), (7, 5), True),
        (("sm_90a",), (9, 0), True),
        (("sm_90a", "compute_90a"), (10, 0), False),
        (("gfx90a",), (9, 0), True),  # not NVIDIA's
    ],
)
def test_machine_code_runs_on_its_major_version_and_ptx_on_later_ones(architectures, capability, runs):
    assert runs_on(architectures, capability) == runs


def test_a_gpu_whose_architecture_torch_was_not_built_for_is_named():
    reason = unusable_reason(CARD, replace(T4, architectures=("sm_80", "sm_90")))
    assert (
        "must be built for the architecture sm_75 of the Tesla T4, but torch 2.13.0+cu130 is built for sm_80 sm_90"
        in reason
    )
    assert GPU_IMAGE in reason


def test_a_gpu_that_torch_finds_and_was_built_for_has_nothing_against_it():
    assert unusable_reason(replace(CARD, driver="470.256.02", visible="-1"), replace(T4, architectures=WHEEL)) is None


def test_the_facts_about_torch_are_those_of_the_gpu_that_it_finds():
    with PretendedGpu(architectures=("sm_80", "sm_90")):
        facts = torch_facts()
    assert (facts.finds_gpu, facts.gpu, facts.capability, facts.cuda) == (True, "Tesla T4", (7, 5), "12.6")
    assert facts.architectures == ("sm_80", "sm_90")


def test_a_gpu_whose_memory_another_program_holds_can_be_used():
    with PretendedGpu(total_bytes=0):
        assert unusable_reason() is None


def test_the_facts_about_torch_are_those_of_this_installation():
    facts = torch_facts()
    assert (facts.version, facts.cuda, facts.finds_gpu) == (
        torch.__version__,
        torch.version.cuda,
        torch.cuda.is_available(),
    )
    assert facts.finds_gpu == (facts.error == "")
