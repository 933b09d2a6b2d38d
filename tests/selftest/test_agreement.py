import dataclasses

import pytest
import torch

from hnseg.inference.model.bundle import open_bundle
from hnseg.selftest.agreement import Agreement, check_agreement, compare, judge, least_equal
from hnseg.selftest.untrained import Shape, write_untrained
from tests.support.pretended_gpu import PretendedGpu


def test_the_reference_agrees_with_itself_voxel_by_voxel(subject):
    exact, fast = check_agreement(subject)
    assert (exact.name, exact.state) == ("label map, exact", "right")
    assert "100.0000% of voxels equal, 100.0% are needed" in exact.found
    assert fast.state == "right"


def test_the_usual_backend_of_a_processor_agrees(subject):
    assert {row.state for row in check_agreement(dataclasses.replace(subject, backend="auto"))} == {"right"}


def test_another_networks_label_map_is_wrong(subject, tmp_path):
    other = dataclasses.replace(
        subject, bundle=open_bundle(write_untrained(Shape((8, 16, 16), (4, 4)), tmp_path / "other"))
    )
    agreement = compare(subject, other.load(), subject.load_reference())
    row = judge("label map, exact", agreement, 0.97, "half precision")
    assert agreement.equal < 0.9
    assert agreement.largest > 0.5
    assert row.state == "wrong"
    assert "--device cpu" in row.cure


@pytest.mark.parametrize(("equal", "state"), [(0.995, "right"), (0.9949, "wrong")])
def test_the_least_share_is_enough(equal, state):
    assert judge("label map, exact", Agreement(equal, 0.01, 4), 0.995, "half precision").state == state


def test_a_gpu_in_half_precision_must_agree_in_all_but_five_voxels_of_a_thousand(subject):
    with PretendedGpu():
        on_gpu = dataclasses.replace(subject, device=torch.device("cuda"))
        assert least_equal(on_gpu.load(), "exact")[0] == 0.995
        assert least_equal(on_gpu.load(), "fast")[0] == 0.97
    assert least_equal(subject.load(), "exact")[0] == 1.0
