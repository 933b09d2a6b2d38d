import resource

import pytest
import torch

from hnseg.inference.model.bundle import open_bundle
from hnseg.selftest.step_down import FOR_PROCESSOR, check_step_down, judge, rungs_of
from hnseg.selftest.subject import Subject
from hnseg.selftest.untrained import write_untrained


def test_on_a_processor_copies_go_one_by_one_under_a_cap(tmp_path):
    bundle = open_bundle(write_untrained(FOR_PROCESSOR, tmp_path / "model"))
    former = resource.getrlimit(resource.RLIMIT_DATA)
    *of_gpu, row = check_step_down(Subject(bundle, torch.device("cpu")), in_plane=64)
    assert [each.state for each in of_gpu] == ["absent", "absent"]
    assert {each.found for each in of_gpu} == {"not on a processor."}
    assert row.state == "right"
    assert "1 copies at a time; without a cap networks on cpu, sums in float32 on cpu, 2 copies" in row.found
    assert resource.getrlimit(resource.RLIMIT_DATA) == former


def test_each_cap_leaves_room_for_its_step_and_not_for_the_one_before():
    weights, sums, a_pass = 0.4, 1.0, 0.1
    everything, in_ram, travel, processor = rungs_of(weights, sums, a_pass, folds=4)
    assert everything.most_gib == float("inf")
    assert weights + a_pass < in_ram.most_gib < weights + a_pass + sums
    assert weights / 4 + a_pass < travel.most_gib < weights + a_pass
    assert processor.most_gib < weights / 4


@pytest.mark.parametrize(("equal", "state"), [(1.0, "right"), (0.99, "wrong")])
def test_a_step_must_give_the_same_label_map(equal, state):
    row = judge("weights travel", equal, 0.995, "a cap of 80 MiB")
    assert (row.name, row.state) == ("step down: weights travel", state)
