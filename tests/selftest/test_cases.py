import pytest
import torch

from hnseg.inference.model.bundle import open_bundle
from hnseg.selftest.cases import CAP_GIB, check_many_labels, judge_many_labels, time_demo_case
from hnseg.selftest.subject import Subject
from hnseg.selftest.untrained import write_untrained
from tests.support.small_selftest import SMALL_SIZES


def test_a_case_is_timed_on_the_processor_once(subject):
    (row,) = time_demo_case(subject)
    assert row.state == "measured"
    assert row.found.startswith("on cpu ")
    assert "for 8 tiles, 16 passes (24 x 24 x 12 voxels; 2 folds, untrained)." in row.found


def test_a_case_without_time_says_so(subject):
    (row,) = time_demo_case(subject, limit_s=1e-6)
    assert "not done within 1e-06 s" in row.found


def test_many_labels_are_found_in_a_reduced_case(tmp_path):
    bundle = open_bundle(write_untrained(SMALL_SIZES.many_labels, tmp_path / "model"))
    (row,) = check_many_labels(Subject(bundle, torch.device("cpu")), SMALL_SIZES.many_labels_voxels)
    assert (row.name, row.state) == ("31 labels, reduced size", "right")
    assert row.found.startswith("51 x 51 x 16 voxels, ")


@pytest.mark.parametrize(
    ("labels", "peak_gib", "state"),
    [(20, 8.0, "right"), (1, 8.0, "wrong"), (20, CAP_GIB + 0.1, "wrong"), (1, None, "wrong"), (20, None, "right")],
)
def test_one_label_alone_or_more_than_the_cap_is_wrong(labels, peak_gib, state):
    row = judge_many_labels((8, 8, 8), labels, "3 s", peak_gib)
    assert row.state == state
    assert ("of the GPU" in row.found) is (peak_gib is not None)
