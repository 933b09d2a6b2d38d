import json
import logging
import os
from dataclasses import replace

import pytest
import torch

from hnseg.errors import InputError, ModelError
from hnseg_training.fitting.fit import Schedule, fit, trainer_for
from hnseg_training.fitting.preset import PRESETS
from tests.support.interruption import interrupted_at
from tests.training.conftest import TINY

DEMO = PRESETS["demo"]


def checkpoint(work, fold: int | str, name: str = "final") -> dict:
    path = work.results(DEMO.result_name) / f"fold_{fold}" / f"checkpoint_{name}.pth"
    return torch.load(path, weights_only=False)


def test_the_result_folder_is_nnunets_own(trained):
    folder = trained.results(DEMO.result_name)
    assert folder.name == "nnUNetTrainerAdam__hnsegDemoPlans__3d_fullres"
    assert {"plans.json", "dataset.json", "fold_0", "fold_3"} <= {path.name for path in folder.iterdir()}
    assert checkpoint(trained, 0)["trainer_name"] == "nnUNetTrainerAdam"
    assert checkpoint(trained, 0)["init_args"]["configuration"] == "3d_fullres"


def test_the_method_travels_with_the_result_folder(trained):
    settings = json.loads((trained.results(DEMO.result_name) / "method.json").read_text())
    assert settings == json.loads((trained.raw / "method.json").read_text())


def test_an_interrupted_training_goes_on_where_it_stopped(planned, caplog):
    schedule = Schedule(epochs=4, iterations=1, device="cpu", threads=1)
    caplog.set_level(logging.INFO, logger="hnseg_training")
    with interrupted_at("epoch 3 of 4"):
        fit(planned, DEMO, 1, schedule)
    fit(planned, DEMO, 1, schedule, resume=True)
    assert "fold 1: going on after epoch 2" in caplog.text
    assert checkpoint(planned, 1)["current_epoch"] == 4
    assert len(checkpoint(planned, 1)["logging"]["train_losses"]) == 4


def test_a_finished_fold_is_left_as_it_is(trained, caplog):
    caplog.set_level(logging.INFO)
    before = (trained.results(DEMO.result_name) / "fold_0" / "checkpoint_final.pth").stat().st_mtime_ns
    fit(trained, DEMO, 0, TINY, resume=True)
    assert "fold 0: trained already" in caplog.text
    assert (trained.results(DEMO.result_name) / "fold_0" / "checkpoint_final.pth").stat().st_mtime_ns == before


def test_a_trained_fold_is_not_overwritten(trained):
    with pytest.raises(InputError, match=r"fold_0 holds checkpoint_final\.pth already\. Go on with it by --resume"):
        fit(trained, DEMO, 0, TINY)


def test_the_same_seed_repeats_a_training(planned, trained):
    fit(planned, DEMO, 4, TINY)
    first = checkpoint(planned, 4)["network_weights"]
    (planned.results(DEMO.result_name) / "fold_4" / "checkpoint_final.pth").unlink()
    (planned.results(DEMO.result_name) / "fold_4" / "checkpoint_best.pth").unlink()
    fit(planned, DEMO, 4, TINY)
    again = checkpoint(planned, 4)["network_weights"]
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], checkpoint(trained, 0)["network_weights"][name]) for name in first)


def test_a_seed_may_be_larger_than_numpys(planned):
    fit(planned, DEMO, "all", replace(TINY, epochs=1, seed=2**40))
    assert checkpoint(planned, "all")["current_epoch"] == 1


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused(planned):
    with pytest.raises(InputError, match="PyTorch sees none here"):
        fit(planned, DEMO, 2, Schedule(epochs=1, iterations=1, device="cuda"))


def nnunet_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("nnUNet_")}


def test_a_training_leaves_the_process_as_it_was(planned):
    before, threads = nnunet_variables(), torch.get_num_threads()
    with trainer_for(planned, DEMO, 2, Schedule(epochs=1, iterations=1, device="cpu", threads=threads + 1)):
        assert nnunet_variables()["nnUNet_n_proc_DA"] == "0"
        assert torch.get_num_threads() == threads + 1
    assert nnunet_variables() == before
    assert torch.get_num_threads() == threads


def test_weights_of_another_network_are_refused(planned, trained, tmp_path):
    content = checkpoint(trained, 0)
    content["network_weights"] = {name: tensor[:1] for name, tensor in content["network_weights"].items()}
    torch.save(content, tmp_path / "other.pth")
    schedule = Schedule(epochs=1, iterations=1, device="cpu", threads=1, start_from=tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"weights of the same network, but \S+ in .*other\.pth has the shape \(1,"):
        fit(planned, DEMO, 2, schedule)
