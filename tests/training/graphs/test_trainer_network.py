"""Network that a trainer builds: where its code is found, and what is refused."""

from pathlib import Path

import pytest
import torch

from hnseg.errors import InputError, ModelError
from hnseg.inference.model.weights import read_checkpoint
from hnseg_training.graphs.trainer_network import TrainerCode, put_trained_weights
from tests.support.graph_bundles import OWN, SMALL
from tests.support.nnunet_oracle import write_results


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    return write_results(SMALL, (0,), tmp_path_factory.mktemp("nnunet"))


@pytest.mark.parametrize("name", ["nnUNetTrainerOwn", "nnUNetTrainerOldSignature"])
def test_a_trainer_of_a_file_builds_its_network_by_either_signature(name, results):
    network = TrainerCode(name, OWN).network(results, "3d_fullres")
    assert type(network).__name__ == "OwnNetwork"
    assert not network.training
    assert network(torch.zeros(1, 2, 16, 24, 24)).shape == (1, 3, 16, 24, 24)


def test_a_trainer_is_found_in_a_folder(results, tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "mine.py").write_text(OWN.read_text())
    (tmp_path / "package" / "__init__.py").touch()
    assert type(TrainerCode("nnUNetTrainerOwn", tmp_path).network(results, "3d_fullres")).__name__ == "OwnNetwork"


def test_a_trainer_s_file_may_import_what_lies_beside_it(results, tmp_path):
    (tmp_path / "parts_of_mine.py").write_text(OWN.read_text())
    (tmp_path / "mine.py").write_text("from parts_of_mine import nnUNetTrainerOwn\n")
    assert TrainerCode("nnUNetTrainerOwn", tmp_path / "mine.py").network(results, "3d_fullres")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("nnUNetTrainerOther", "x = 1", "must hold a trainer nnUNetTrainerOther with build_network_architecture"),
        ("nnUNetTrainerMine", "import no_such_package", "the search ended with ModuleNotFoundError: .* not installed"),
    ],
)
def test_a_file_without_the_trainer_is_refused(name, content, sentence, results, tmp_path):
    (tmp_path / "mine.py").write_text(content)
    with pytest.raises(InputError, match=sentence):
        TrainerCode(name, tmp_path / "mine.py").network(results, "3d_fullres")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("raise ValueError('patch of 16')", "must build the network of .* ended with ValueError: patch of 16"),
        ("return 5", "must build a module of torch, but gives int"),
    ],
)
def test_a_trainer_that_builds_no_network_is_refused(body, sentence, results, tmp_path):
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    @staticmethod\n    def build_network_architecture(plans_manager, *rest, **more):\n"
        f"        {body}\n"
    )
    with pytest.raises(ModelError, match=sentence):
        TrainerCode("Mine", tmp_path / "mine.py").network(results, "3d_fullres")


def test_weights_of_another_network_and_such_that_are_not_finite_are_refused(results):
    path = results / "fold_0" / "checkpoint_final.pth"
    weights = dict(read_checkpoint(path).state_dict)
    network = TrainerCode("nnUNetTrainerOwn", OWN).network(results, "3d_fullres")
    with pytest.raises(ModelError, match="must fit the network that the trainer builds, but don't"):
        put_trained_weights(network, weights, path)
    first = next(iter(weights))
    weights[first] = torch.full_like(weights[first], torch.nan)
    with pytest.raises(ModelError, match=f"must be finite numbers, but {first} holds NaN"):
        put_trained_weights(network, weights, path)
