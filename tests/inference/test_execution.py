"""Execution of one case's passes: flipped copies, memory that is not enough, and what the next case begins with."""

import numpy as np
import pytest
import torch

from hnseg.imaging.geometry import array_of
from hnseg.inference.ensemble import Ensemble
from hnseg.inference.execution import Execution
from hnseg.inference.planning.deadline import Deadline
from hnseg.inference.planning.memory import MemoryLayout
from hnseg.inference.predictor import predict
from tests.support.simulated_backend import Clock, SimulatedBackend
from tests.support.small_ensembles import noise

CPU, GPU = torch.device("cpu"), torch.device("cuda")
ON_CPU = MemoryLayout(CPU, CPU, torch.float32, copies_together=1, copies_a_turn=1)


def simulated(**given):
    return SimulatedBackend(Clock(), lambda _now_s: 0.0, **given)


class NotEnough:
    """Error that torch raises when a GPU's memory ends, raised before some passes."""

    def __init__(self, *passes, words="CUDA out of memory. Tried to allocate 2.00 GiB."):
        self.left, self.words = list(passes), words

    def __call__(self, backend):
        if self.left and backend.passes >= self.left[0]:
            self.left.pop(0)
            raise torch.OutOfMemoryError(self.words)


def test_the_logits_of_a_flipped_copy_are_flipped_back(small_patch):
    class Echo(SimulatedBackend):
        """Gives the first channel of each tile as its logits."""

        def logits(self, fold, batch):  # noqa: ARG002 (the protocol's)
            return batch[:, :1]

    execution = Execution(Ensemble(small_patch, Echo(Clock(), lambda _now_s: 0.0)), ON_CPU)
    tile = torch.arange(2 * 4 * 8 * 8.0).reshape(2, 4, 8, 8)
    outputs = list(execution.logits_of(0, [(tile, ()), (tile, (0, 2))]))
    assert all(torch.equal(logits, tile[:1]) for logits in outputs)


def test_with_too_little_memory_copies_go_one_by_one_then_the_networks_move(small_patch, caplog):
    caplog.set_level("INFO")
    channels = noise((16, 16, 8))
    expected = predict(Ensemble(small_patch, simulated()), channels, Deadline.never())
    last = simulated(name="last")
    lighter = simulated(name="lighter", fails=NotEnough(30), lighter_ones=[last])
    backend = simulated(copies_together=2, copies_a_turn=4, fails=NotEnough(40, 90), lighter_ones=[lighter])
    result = predict(Ensemble(small_patch, backend), channels, Deadline.never())
    assert result.computed_by["backend"] == "last"
    assert np.array_equal(array_of(result.label_map), array_of(expected.label_map))
    assert result.effort_spent == expected.effort_spent
    assert len(result.notes) == 3
    assert result.notes[0].startswith("Memory was not enough, so that from then on there were networks on cpu, sums in")
    assert "1 copies at a time" in result.notes[0]
    logged = [record.message for record in caplog.records if "Memory was not enough" in record.message]
    assert logged == [f"note: {note}" for note in result.notes]


def test_the_next_case_begins_with_all_that_the_ensemble_was_loaded_with(small_patch):
    backend = simulated(
        copies_together=2, copies_a_turn=4, fails=NotEnough(0, 0), lighter_ones=[simulated(name="last")]
    )
    ensemble = Ensemble(small_patch, backend)
    first, second = (predict(ensemble, noise((16, 16, 8)), Deadline.never()) for _ in range(2))
    assert [result.computed_by["backend"] for result in (first, second)] == ["last", "simulated"]
    assert (len(first.notes), second.notes) == (2, ())
    assert ensemble.backend is backend


def test_memory_that_is_not_enough_after_everything_is_an_error(small_patch):
    with pytest.raises(torch.OutOfMemoryError):
        predict(Ensemble(small_patch, simulated(fails=NotEnough(*range(100)))), noise((16, 16, 8)))


def test_another_error_is_not_taken_for_a_lack_of_memory(small_patch):
    def fail(_backend):
        raise RuntimeError("expected 5 channels")

    with pytest.raises(RuntimeError, match="expected 5 channels"):
        predict(Ensemble(small_patch, simulated(fails=fail)), noise((16, 16, 8)))


def test_what_stays_on_the_device_for_a_turn_is_released_before_the_work_is_done_again(small_patch):
    released = []

    class Releasing(SimulatedBackend):
        def release(self, fold):
            released.append(fold)

    backend = Releasing(Clock(), lambda _now_s: 0.0, copies_together=2)
    execution = Execution(Ensemble(small_patch, backend), MemoryLayout(CPU, CPU, torch.float32, 2, 2))
    outcomes = iter([MemoryError(), None])

    def work():
        if (outcome := next(outcomes)) is not None:
            raise outcome
        return released[:]

    assert execution.in_memory(work, moved=lambda: None) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("device", [GPU, CPU])
def test_words_of_cudnn_lead_two_steps_down_on_a_gpu_and_are_an_error_then(small_patch, device):
    words, tried, moved = RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), [], []
    backend = simulated(lighter_ones=[simulated(), simulated()])
    backend.device = device
    execution = Execution(Ensemble(small_patch, backend), MemoryLayout(device, device, torch.float32, 1, 2))

    def work():
        tried.append(str(execution.layout))
        raise words

    with pytest.raises(RuntimeError) as raised:
        execution.in_memory(work, moved=lambda: moved.append(True))
    assert raised.value is words
    assert (len(tried), len(moved)) == ((3, 2) if device is GPU else (1, 0))
