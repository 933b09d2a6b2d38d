import pytest
from pydantic import ValidationError

from hnseg_training.fitting.training import Training


def test_the_defaults_are_nnunets():
    training = Training()
    assert (training.learning_rate, training.epochs, training.iterations, training.weight_decay) == (
        0.01,
        1000,
        250,
        3e-5,
    )
    assert (training.schedule, training.loss, training.only_flipped, training.patience) == (
        "polynomial",
        "nnunet",
        None,
        None,
    )


def test_the_best_epoch_is_found_on_whole_cases_only():
    with pytest.raises(ValidationError, match="with patience, iterations must be null"):
        Training(patience=5)
    assert Training(patience=5, iterations=None).patience == 5


def test_a_file_of_an_earlier_version_is_still_read():
    former = {"trainer": "nnUNetTrainerAdam", "learning_rate": 0.003, "epochs": 20, "iterations": 250, "mirrored": True}
    assert Training.model_validate(former).trainer == "nnUNetTrainerAdam"
