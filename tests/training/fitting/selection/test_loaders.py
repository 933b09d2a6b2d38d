import numpy as np
import pytest
import torch

from hnseg.errors import InputError
from hnseg_training.fitting.fit import Schedule, trainer_for
from tests.support.tiny_recurrence import TINY_PAPER

SCHEDULE = Schedule(epochs=1, iterations=None, device="cpu", threads=1)


@pytest.fixture
def trainer(runs):
    with trainer_for(runs, TINY_PAPER, 2, SCHEDULE) as trainer:
        yield trainer


@pytest.fixture
def loaders(trainer):
    return trainer.get_dataloaders()


def test_each_training_case_comes_once_before_any_comes_again(trainer, loaders):
    trained, _ = trainer.do_split()
    assert trainer.num_iterations_per_epoch == 2  # three cases in batches of two
    orders = set()
    for _ in range(8):
        batches = [next(loaders[0]) for _ in range(2)]
        assert [len(batch["data"]) for batch in batches] == [2, 1]
        names = [name for batch in batches for name in batch["keys"]]
        assert sorted(names) == sorted(trained)
        orders.add(tuple(names))
    assert len(orders) > 1


def test_validation_cases_come_whole_one_by_one_and_in_the_same_order_each_epoch(trainer, loaders):
    _, validated = trainer.do_split()
    assert trainer.num_val_iterations_per_epoch == len(validated) == 2
    dataset = trainer.get_tr_and_val_datasets()[1]
    for name in [*validated, *validated]:
        batch = next(loaders[1])
        assert list(batch["keys"]) == [name]
        data, labels = (torch.from_numpy(np.asarray(each[:])) for each in dataset.load_case(name)[:2])
        assert data.shape[1:] == (8, 12, 10)
        assert torch.equal(batch["data"][0, ..., 1:11], data)  # the middle of a patch of twelve voxels
        assert not batch["data"][..., [0, 11]].any()
        assert torch.equal(batch["target"][0, ..., 1:11], labels.to(torch.int16))
        assert labels.any()


def test_a_training_patch_is_the_whole_case_as_it_is_or_flipped(trainer, loaders):
    dataset = trainer.get_tr_and_val_datasets()[0]
    for _ in range(6):
        batch = next(loaders[0])
        for name, patch in zip(batch["keys"], batch["data"], strict=True):
            data = torch.from_numpy(np.asarray(dataset.load_case(name)[0][:]))
            assert any(torch.equal(patch[..., 1:11], each) for each in (data, data.flip(3)))


def test_a_case_that_no_patch_holds_is_refused(trainer):
    trainer.configuration_manager.configuration["patch_size"] = [8, 8, 12]
    with pytest.raises(InputError, match=r"has 8 x 12 x 10 voxels at the plans' spacing, and a patch 8 x 8 x 12\."):
        trainer.get_dataloaders()


def test_a_validation_without_anything_to_find_is_refused(trainer, monkeypatch):
    stock = trainer.dataset_class.load_case

    def emptied(self, name):
        *images, properties = stock(self, name)
        return (*images, {**properties, "class_locations": {1: []}})

    monkeypatch.setattr(trainer.dataset_class, "load_case", emptied)
    with pytest.raises(InputError, match="structure to find in one case at least, but none of its 2 has any"):
        trainer.get_dataloaders()
