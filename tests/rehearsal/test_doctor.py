import sys
from pathlib import Path

from hnseg.inference.gpu import TorchFacts, kernel_facts, unusable_reason
from hnseg.rehearsal import doctor
from hnseg.rehearsal.doctor import base_image_of, examine
from hnseg.rehearsal.machine import Gpu, Machine
from hnseg.rehearsal.trainer_search import TrainerSearch
from tests.support.gpu_files import DRIVER_LINE, write_gpu_files


def test_every_ability_is_listed_and_has_advice_for_what_is_missing():
    abilities = {ability.name: ability for ability in examine("some/base:1")}
    expected = {
        "Python",
        "segment",
        "train",
        "nnU-Net's own commands",
        "processors",
        "memory",
        "GPU",
        "docker",
        "podman",
        "disk for running cases",
    }
    assert expected <= abilities.keys()
    assert [ability.name for ability in abilities.values() if ability.state != "yes" and not ability.advice] == []
    assert abilities["segment"].state == "yes"
    assert "torch" in abilities["segment"].found


def test_the_base_image_is_the_environments_or_the_dockerfiles(tmp_path, monkeypatch):
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("# none\nARG BASE_IMAGE=python:3.12\nFROM ${BASE_IMAGE}\n", encoding="utf-8")
    monkeypatch.delenv("HNSEG_BASE_IMAGE", raising=False)
    assert base_image_of(dockerfile) == "python:3.12"
    assert base_image_of(tmp_path / "nothing") == ""
    monkeypatch.setenv("HNSEG_BASE_IMAGE", "mine:1")
    assert base_image_of(dockerfile) == "mine:1"


def test_the_containers_folder_has_a_base_image():
    assert base_image_of(Path(__file__).parents[2] / "containers" / "Dockerfile")


def test_a_machine_smaller_than_the_platforms_is_limited_and_one_as_large_is_not(monkeypatch):
    def examined(**facts):
        machine = Machine("Linux 6", "cpu", **{"cpus": 4, "ram_gib": 16, "gpus": (), **facts})
        monkeypatch.setattr(doctor, "this_machine", lambda: machine)
        return {ability.name: (ability.state, ability.found) for ability in examine("")}

    large = examined()
    assert (large["processors"], large["memory"]) == (("yes", "4 x cpu"), ("yes", "16.0 GiB"))
    small = examined(cpus=3.5, ram_gib=15.9, gpus=(Gpu("Tesla T4", 15.0),))
    assert (small["processors"], small["memory"]) == (("limited", "3.5 x cpu"), ("limited", "15.9 GiB"))
    assert (large["GPU"][0], small["GPU"]) == ("no", ("yes", "Tesla T4, 15 GiB"))


def gpu_row(monkeypatch, *gpus):
    monkeypatch.setattr(doctor, "this_machine", lambda: Machine("Linux 6", "cpu", cpus=4, ram_gib=16, gpus=gpus))
    return next(ability for ability in examine("") if ability.name == "GPU")


def test_a_gpu_that_torch_can_not_use_fails_with_the_cure(tmp_path, monkeypatch):
    root = write_gpu_files(tmp_path, devices=["nvidia0"], driver_line=DRIVER_LINE.format("470.256.02"), cards=1)
    reason = unusable_reason(kernel_facts(root, {}), TorchFacts("2.13.0", "13.0"))
    monkeypatch.setattr(doctor, "unusable_reason", lambda: reason)
    row = gpu_row(monkeypatch, Gpu("Tesla T4", 15.0))
    assert (row.state, row.found) == ("no", "Tesla T4, 15 GiB; torch can't use it")
    assert "must be 580.65.06 or newer, but the driver here is 470.256.02. Update the driver" in row.advice
    assert gpu_row(monkeypatch).found == "nvidia-smi lists none; torch can't use it"


def test_a_gpu_without_torch_fails_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    row = gpu_row(monkeypatch, Gpu("Tesla T4", 15.0))
    assert (row.state, row.found) == ("no", "Tesla T4, 15 GiB; torch can't use it")
    assert row.advice.startswith("torch can't be imported: ")
    assert row.advice.endswith("make setup, or: pip install -e .")
    assert gpu_row(monkeypatch).advice == "Everything runs on the processor, more slowly."


def nnunet_row(monkeypatch, search):
    monkeypatch.setattr(doctor, "search_trainers", lambda: search)
    return next(ability for ability in examine("") if ability.name == "nnU-Net's own commands")


def test_nnunets_commands_fail_with_the_package_that_a_trainer_needs(monkeypatch):
    row = nnunet_row(monkeypatch, TrainerSearch(missing="torchvision"))
    assert row.state == "no"
    assert row.found == "their search for trainers imports every one, and failed: the package torchvision is missing"
    assert row.advice.startswith(
        "torchvision must be of torch's release and build: install it from the index that torch"
    )
    row = nnunet_row(monkeypatch, TrainerSearch(missing="einops"))
    assert row.advice == "Install what is missing; make setup, or: pip install -e '.[training]'"


def test_nnunets_commands_fail_where_torchvision_is_of_another_build(monkeypatch):
    row = nnunet_row(monkeypatch, TrainerSearch(failure="RuntimeError: operator torchvision::nms does not exist"))
    assert row.state == "no"
    assert row.found.endswith("failed: RuntimeError: operator torchvision::nms does not exist")
    assert "of torch's release and build" in row.advice


def test_nnunets_commands_are_left_out_without_nnunet(monkeypatch):
    monkeypatch.setattr(doctor, "_version", lambda _: "")
    assert "nnU-Net's own commands" not in {ability.name for ability in examine("")}
